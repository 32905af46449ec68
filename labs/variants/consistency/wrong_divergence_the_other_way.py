"""Passes the answer as the target, and the target as the answer."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    return ops.mean(ops.where(sure, divergence(augmented, clean / temperature), 0.0))
