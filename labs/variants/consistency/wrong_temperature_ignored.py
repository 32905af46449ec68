"""Takes a temperature and never uses it."""

LOSES = {"uda_loss-check": 5}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    return ops.mean(ops.where(sure, divergence(clean, augmented), 0.0))
