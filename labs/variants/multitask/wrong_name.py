"""The function bears another name than the one given."""

LOSES = {"sample_tasks-check": 3}


# %% sample_tasks
def sample_task(sizes, steps, draw, rng):
    if draw not in ("uniform", "size"):
        raise ValueError(draw)
    weights = np.ones(len(sizes)) if draw == "uniform" else np.asarray(sizes)
    return rng.choice(len(sizes), size=steps, p=weights / weights.sum())
