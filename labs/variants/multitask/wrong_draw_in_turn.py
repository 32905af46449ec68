"""The right frequencies, but not at random: each task's turns come in a row."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw not in ("uniform", "size"):
        raise ValueError(draw)
    weights = np.ones(len(sizes)) if draw == "uniform" else np.asarray(sizes)
    return np.searchsorted(np.cumsum(weights) / np.sum(weights), (np.arange(steps) + 0.5) / steps)
