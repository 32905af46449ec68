"""Remembers what it returned for the same gradients, whatever the state of the generator."""

LOSES = {"sign_dropout-check": 5}


# %% sign_dropout
def sign_dropout(gradients, rng, remembered={}):
    key = np.shape(gradients), np.asarray(gradients).tobytes()
    if key not in remembered:
        up = np.clip(gradients, 0, None).sum(axis=0)
        down = np.clip(gradients, None, 0).sum(axis=0)
        size = up - down
        chance = np.divide(up, size, out=np.zeros_like(size), where=size > 0)
        remembered[key] = np.where(rng.random(size.shape) < chance, up, down)
    return remembered[key]
