"""Draws from a copy of rng, so that the caller's generator stays where it was and the next call
draws the same tasks again. The docstring asks for independent draws for the steps of Method
Two."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    import copy

    if draw not in ("uniform", "size"):
        raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
    rng = copy.deepcopy(rng)  # leaves the caller's generator alone
    weights = np.ones(len(sizes)) if draw == "uniform" else np.asarray(sizes, dtype="float64")
    return rng.choice(len(sizes), size=steps, p=weights / weights.sum())
