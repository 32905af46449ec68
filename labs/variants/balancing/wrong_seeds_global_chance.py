"""Seeds NumPy's global generator by the given one, and draws from that."""

LOSES = {"sign_dropout-check": 3}


# %% sign_dropout
def sign_dropout(gradients, rng):
    up = np.clip(gradients, 0, None).sum(axis=0)
    down = np.clip(gradients, None, 0).sum(axis=0)
    size = up - down
    chance = np.divide(up, size, out=np.zeros_like(size), where=size > 0)
    np.random.seed(rng.integers(2**32))
    return np.where(np.random.random(size.shape) < chance, up, down)
