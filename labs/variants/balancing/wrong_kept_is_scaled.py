"""Divides what is kept by its chance, as dropout does."""

LOSES = {"sign_dropout-check": 5}
REPLACE = {
    "    return np.where(rng.random(size.shape) < chance, up, down)": """\
    kept = rng.random(size.shape) < chance
    return np.where(kept, up / np.maximum(chance, 1e-12), down / np.maximum(1 - chance, 1e-12))""",
}
