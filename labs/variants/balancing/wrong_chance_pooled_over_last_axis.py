"""Computes one chance for all entries along the last axis."""

LOSES = {"sign_dropout-check": 3}


# %% sign_dropout
def sign_dropout(gradients, rng):
    up = np.maximum(gradients, 0).sum(axis=0)
    down = np.minimum(gradients, 0).sum(axis=0)
    axis = -1 if np.ndim(up) else None
    rise = np.sum(up, axis=axis, keepdims=True)
    size = rise - np.sum(down, axis=axis, keepdims=True)
    chance = np.divide(rise, size, out=np.zeros_like(size), where=size > 0)
    return np.where(rng.random(up.shape) < chance, up, down)
