"""Asks whether the network is sure of the augmented view."""

LOSES = {"uda_loss-check": 5}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(augmented, axis=-1), axis=-1) > threshold
    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))
