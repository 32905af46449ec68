"""Draws for each task by itself."""

LOSES = {"sign_dropout-check": 5}
REPLACE = {
    "    return np.where(rng.random(size.shape) < chance, up, down)": """\
    kept = rng.random(np.shape(gradients)) < chance
    return np.where(kept, np.clip(gradients, 0, None), np.clip(gradients, None, 0)).sum(axis=0)""",
}
