"""Takes 0 where the divergence is below 0. Contradicts "It may be any function of logits"."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    rows = ops.maximum(divergence(clean / temperature, augmented), 0.0)
    return ops.mean(ops.where(sure, rows, 0.0))
