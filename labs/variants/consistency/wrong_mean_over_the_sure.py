"""Divides by the number of rows that count, which may be 0."""

LOSES = {"uda_loss-check": 5}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    counts = ops.cast(sure, "float32")
    return ops.sum(counts * divergence(clean / temperature, augmented)) / ops.sum(counts)
