"""Draws a row and looks its task up on the wrong side of the cumulated sizes: the first task gets
a row too many and the last one a row too few. The statement asks for draws in proportion to the
rows."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        return rng.integers(len(sizes), size=steps)
    if draw == "size":
        ends = np.cumsum(sizes)
        return np.searchsorted(ends, rng.integers(ends[-1], size=steps))
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
