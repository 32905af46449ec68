"""Subtracts the maximum of each row from the logits that the divergence gets."""

LOSES = {"uda_loss-check": 3}


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold
    target = clean / temperature
    target = target - ops.max(target, axis=-1, keepdims=True)
    augmented = augmented - ops.max(augmented, axis=-1, keepdims=True)
    return ops.mean(ops.where(sure, divergence(target, augmented), 0.0))
