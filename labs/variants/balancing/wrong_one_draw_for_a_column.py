"""Draws once along the last axis, the same for all before it."""

LOSES = {"sign_dropout-check": 3}
REPLACE = {
    "return np.where(rng.random(size.shape) < chance, up, down)":
        "return np.where(rng.random(size.shape[-1:]) < chance, up, down)",
}
