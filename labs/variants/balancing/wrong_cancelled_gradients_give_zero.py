"""Gives 0 where gradients cancel each other, not only where all are 0."""

LOSES = {"sign_dropout-check": 3}


# %% sign_dropout
def sign_dropout(gradients, rng):
    total = np.sum(gradients, axis=0)
    size = np.abs(gradients).sum(axis=0)
    chance = 0.5 * (1 + total / np.where(total == 0, 1, size))
    positive = rng.random(total.shape) < chance
    kept = np.where(positive, np.maximum(gradients, 0), np.minimum(gradients, 0)).sum(axis=0)
    return np.where(total == 0, 0, kept)
