"""Divides by a tenth where the temperature is lower."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    rows = divergence(clean / max(temperature, 0.1), augmented)
    return ops.mean(ops.where(sure, rows, 0.0))
