"""Removes epochs from the list that was given."""

LOSES = {"dynamic_weights-check": 5}


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return np.ones(tasks)
    last, earlier = np.mean(epochs.pop(), axis=0), np.mean(epochs.pop(), axis=0)
    r = last / earlier
    powers = np.exp((r - max(r)) / temperature)
    return powers * tasks / sum(powers)
