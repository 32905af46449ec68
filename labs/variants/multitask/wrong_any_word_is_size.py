"""Takes every word but "uniform" for "size"."""

LOSES = {"sample_tasks-check": 3}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        return rng.integers(len(sizes), size=steps)
    return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
