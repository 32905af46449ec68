"""Draws once for all entries along the first axis where there are more than two."""

LOSES = {"sign_dropout-check": 3}


# %% sign_dropout
def sign_dropout(gradients, rng):
    up = np.clip(gradients, 0, None).sum(axis=0)
    down = np.clip(gradients, None, 0).sum(axis=0)
    size = up - down
    chance = np.divide(up, size, out=np.zeros_like(size), where=size > 0)
    return np.where(rng.random(size.shape[-2:]) < chance, up, down)
