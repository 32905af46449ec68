"""Draws by size as if the tasks were sorted by their sizes."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        return rng.integers(len(sizes), size=steps)
    if draw == "size":
        return rng.choice(len(sizes), size=steps, p=np.sort(sizes) / np.sum(sizes))
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
