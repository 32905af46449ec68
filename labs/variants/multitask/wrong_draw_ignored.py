"""Always draws by size, whatever the caller asked for."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw not in ("uniform", "size"):
        raise ValueError(draw)
    return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
