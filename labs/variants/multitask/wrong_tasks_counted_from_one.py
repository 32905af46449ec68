"""Numbers of tasks start at 1 when drawn uniformly."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        return rng.integers(1, len(sizes) + 1, size=steps)
    if draw == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
