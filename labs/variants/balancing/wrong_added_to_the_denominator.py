"""Adds a small number to the denominator, so small gradients are lost."""

LOSES = {"sign_dropout-check": 5}


# %% sign_dropout
def sign_dropout(gradients, rng):
    up = np.clip(gradients, 0, None).sum(axis=0)
    down = np.clip(gradients, None, 0).sum(axis=0)
    size = up - down
    chance = 0.5 * (1 + (up + down) / (size + 1e-7))
    return np.where(rng.random(size.shape) < chance, up, down)
