"""Draws from a generator with a seed of its own, whatever the caller gives."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    rng = np.random.default_rng(0)
    if draw == "uniform":
        return rng.integers(len(sizes), size=steps)
    if draw == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
