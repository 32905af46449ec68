"""Draws once for all entries."""

LOSES = {"sign_dropout-check": 5}
REPLACE = {
    "return np.where(rng.random(size.shape) < chance, up, down)":
        "return np.where(rng.random() < chance, up, down)",
}
