"""Bounds exponents instead of taking the largest away."""

LOSES = {"dynamic_weights-check": 3}


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return np.ones(tasks)
    earlier, last = [np.mean(losses, axis=0) for losses in epochs[-2:]]
    r = last / earlier
    powers = np.exp(np.minimum(r / temperature, 300))
    return powers * tasks / sum(powers)
