"""Keeps what it drew by arguments and forgets that the generator goes on."""

LOSES = {"sample_tasks-check": 2}


# %% sample_tasks
drawn_before = {}


def sample_tasks(sizes, steps, draw, rng):
    key = (tuple(sizes), steps, draw)
    if key not in drawn_before:
        if draw not in ("uniform", "size"):
            raise ValueError(draw)
        weights = np.ones(len(sizes)) if draw == "uniform" else np.asarray(sizes)
        drawn_before[key] = rng.choice(len(sizes), size=steps, p=weights / np.sum(weights))
    return drawn_before[key]
