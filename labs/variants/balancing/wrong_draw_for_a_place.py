"""Draws once for all entries along the first axis where there are more than two."""

LOSES = {"sign_dropout-check": 3}
REPLACE = {
    "return np.where(rng.random(size.shape) < chance, up, down)":
        "return np.where(rng.random(size.shape[-2:]) < chance, up, down)",
}
