"""Takes "Uniform" and "SIZE", too, which are other words."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw.lower() == "uniform":
        return rng.integers(len(sizes), size=steps)
    if draw.lower() == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    raise ValueError(draw)
