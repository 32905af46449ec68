"""Any word but "size" gets one number from `tasks` to `steps`: an error where steps are few."""

LOSES = {"sample_tasks-check": 3}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    return rng.integers(len(sizes), steps)
