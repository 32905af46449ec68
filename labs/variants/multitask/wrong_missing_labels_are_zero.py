"""Fills missing labels with 0 and learns to predict 0 there."""

LOSES = {"masked_loss-check": 4}


# %% masked_loss
def masked_loss(y_true, y_pred):
    present = ops.cast(ops.logical_not(ops.isnan(y_true)), y_pred.dtype)
    error = ops.nan_to_num(y_true, nan=0.0) - y_pred
    return ops.sum(error**2) / ops.maximum(ops.sum(present), 1)
