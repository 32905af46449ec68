"""Divides by at least 2: a batch with a single label gets half of its loss."""

LOSES = {"masked_loss-check": 3}


# %% masked_loss
def masked_loss(y_true, y_pred):
    present = ops.logical_not(ops.isnan(y_true))
    error = ops.where(present, y_true, y_pred) - y_pred
    return ops.sum(error**2) / ops.maximum(ops.sum(ops.cast(present, y_pred.dtype)), 2)
