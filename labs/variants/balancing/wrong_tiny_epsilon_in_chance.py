"""Adds 1e-12 to the denominator, which is not small beside every gradient."""

LOSES = {"sign_dropout-check": 3}


# %% sign_dropout
def sign_dropout(gradients, rng):
    chance = 0.5 * (1 + gradients.sum(axis=0) / (np.abs(gradients).sum(axis=0) + 1e-12))
    positive = rng.random(chance.shape) < chance
    kept = np.where(positive, np.maximum(gradients, 0), np.minimum(gradients, 0))
    return kept.sum(axis=0)
