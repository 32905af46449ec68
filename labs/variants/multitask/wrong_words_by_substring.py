"""Looks for the word within the known words: "form" and "" are accepted."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw in "uniform":
        return rng.integers(len(sizes), size=steps)
    if draw == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
