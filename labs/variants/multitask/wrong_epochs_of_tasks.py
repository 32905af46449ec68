"""Uniform draws go through all tasks in random order before any comes again."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        rounds = [rng.permutation(len(sizes)) for _ in range(-(-steps // len(sizes)))]
        return np.concatenate(rounds)[:steps]
    if draw == "size":
        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))
    raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
