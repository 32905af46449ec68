"""Never draws a task twice in a row when it draws uniformly."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        first, moves = rng.integers(len(sizes)), rng.integers(1, len(sizes), size=steps)
        return (first + np.cumsum(moves)) % len(sizes)
    if draw == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
