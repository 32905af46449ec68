"""Compares the last epoch with the first one."""

LOSES = {"dynamic_weights-check": 5}


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return np.ones(tasks)
    earlier, last = [np.mean(losses, axis=0) for losses in (epochs[0], epochs[-1])]
    r = last / earlier
    powers = np.exp((r - max(r)) / temperature)
    return powers * tasks / sum(powers)
