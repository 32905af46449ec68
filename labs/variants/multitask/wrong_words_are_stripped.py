"""Takes " size " for "size", although it is another word."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw.strip() == "uniform":
        return rng.integers(len(sizes), size=steps)
    if draw.strip() == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    raise ValueError(draw)
