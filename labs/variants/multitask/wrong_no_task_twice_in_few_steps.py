"""Draws without replacement as long as there are no more steps than tasks."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    n, share = len(sizes), np.asarray(sizes) / np.sum(sizes)
    if draw == "uniform":
        return rng.choice(n, size=steps, replace=steps > n)
    if draw == "size":
        return rng.choice(n, size=steps, replace=steps > n, p=share)
    raise ValueError(draw)
