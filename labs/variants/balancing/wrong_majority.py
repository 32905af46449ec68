"""Always takes the sign of the sum."""

LOSES = {"sign_dropout-check": 5}
REPLACE = {
    "return np.where(rng.random(size.shape) < chance, up, down)":
        "return np.where(chance > 0.5, up, down)",
}
