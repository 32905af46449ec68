"""Tells how sure the network is from two logits, which is right for two classes only."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    margin = ops.max(clean, axis=-1) - ops.min(clean, axis=-1)
    sure = ops.sigmoid(margin) > threshold
    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))
