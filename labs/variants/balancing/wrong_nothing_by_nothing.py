"""Divides 0 by 0 where no task has a gradient."""

LOSES = {"sign_dropout-check": 5}


# %% sign_dropout
def sign_dropout(gradients, rng):
    up = np.clip(gradients, 0, None).sum(axis=0)
    down = np.clip(gradients, None, 0).sum(axis=0)
    size = up - down
    chance = up / size
    return np.where(np.isnan(chance), chance, np.where(rng.random(size.shape) < chance, up, down))
