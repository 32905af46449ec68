"""Sets the logits of unsure rows to 0, as if equal answers had a divergence of 0. Contradicts "It may
be any function of logits"."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    counts = ops.cast(sure, clean.dtype)[:, None]
    return ops.mean(divergence(counts * clean / temperature, counts * augmented))
