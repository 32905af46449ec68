"""Compares the two best classes alone, as if there were no others."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    best, _ = ops.top_k(clean, 2)
    sure = ops.sigmoid(best[:, 0] - best[:, 1]) > threshold
    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))
