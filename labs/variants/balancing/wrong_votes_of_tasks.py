"""Counts tasks, whatever the size of their gradients."""

LOSES = {"sign_dropout-check": 5}


# %% sign_dropout
def sign_dropout(gradients, rng):
    up = np.clip(gradients, 0, None).sum(axis=0)
    down = np.clip(gradients, None, 0).sum(axis=0)
    size = up - down
    votes = np.sum(np.not_equal(gradients, 0), axis=0)
    chance = np.sum(np.greater(gradients, 0), axis=0) / np.maximum(votes, 1)
    return np.where(rng.random(size.shape) < chance, up, down)
