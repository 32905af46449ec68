"""Takes the sigmoid of the largest logit for the probability of its class."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.sigmoid(clean), axis=-1) > threshold
    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))
