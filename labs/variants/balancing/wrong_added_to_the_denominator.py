"""Adds a small number to the denominator, so small gradients are lost."""

LOSES = {"sign_dropout-check": 5}
REPLACE = {
    "chance = np.divide(up, size, out=np.zeros_like(size), where=size > 0)":
        "chance = 0.5 * (1 + (up + down) / (size + 1e-7))",
}
