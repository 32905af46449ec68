"""Multiplies the mean over the sure rows by their share, which may be 0/0."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    mask = ops.cast(ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold, clean.dtype)
    mean_of_sure = ops.sum(mask * divergence(clean / temperature, augmented)) / ops.sum(mask)
    return mean_of_sure * ops.mean(mask)
