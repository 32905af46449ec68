"""Looks at the last batch of each epoch."""

LOSES = {"dynamic_weights-check": 5}


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return np.ones(tasks)
    earlier, last = [losses[-1] for losses in epochs[-2:]]
    r = last / earlier
    powers = np.exp((r - max(r)) / temperature)
    return powers * tasks / sum(powers)
