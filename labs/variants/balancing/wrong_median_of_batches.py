"""Takes the median of the batches of an epoch."""

LOSES = {"dynamic_weights-check": 3}


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return np.ones(tasks)
    earlier, last = [np.median(losses, axis=0) for losses in epochs[-2:]]
    r = last / earlier / temperature
    powers = np.exp(r - np.max(r))
    return tasks * powers / np.sum(powers)
