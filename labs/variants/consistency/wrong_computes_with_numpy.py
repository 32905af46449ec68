"""Computes the loss as a number, which no gradient passes."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.convert_to_numpy(ops.max(ops.softmax(clean, axis=-1), axis=-1)) > threshold
    rows = ops.convert_to_numpy(divergence(clean / temperature, augmented))
    return float(np.mean(sure * rows))
