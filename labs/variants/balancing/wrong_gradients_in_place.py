"""Sets to 0 what is not kept in the array that was given."""

LOSES = {"sign_dropout-check": 5}


# %% sign_dropout
def sign_dropout(gradients, rng):
    up = np.clip(gradients, 0, None).sum(axis=0)
    down = np.clip(gradients, None, 0).sum(axis=0)
    size = up - down
    chance = np.divide(up, size, out=np.zeros_like(size), where=size > 0)
    kept = rng.random(size.shape) < chance
    gradients[np.greater(gradients, 0) != kept] = 0
    return gradients.sum(axis=0)
