"""Sharpens the answer as well as its target."""

LOSES = {"uda_loss-check": 5}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    rows = divergence(clean / temperature, augmented / temperature)
    return ops.mean(ops.where(sure, rows, 0.0))
