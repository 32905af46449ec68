"""Makes the mask after sharpening, when every answer looks sure."""

LOSES = {"uda_loss-check": 5}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    target = clean / temperature
    sure = ops.max(ops.softmax(target, axis=-1), axis=-1) > threshold
    return ops.mean(ops.where(sure, divergence(target, augmented), 0.0))
