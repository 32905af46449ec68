"""Rounds the weights to four digits."""

LOSES = {"dynamic_weights-check": 3}


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return np.ones(tasks)
    earlier, last = [np.mean(losses, axis=0) for losses in epochs[-2:]]
    r = last / earlier
    powers = np.exp((r - max(r)) / temperature)
    return np.round(powers * tasks / sum(powers), 4)
