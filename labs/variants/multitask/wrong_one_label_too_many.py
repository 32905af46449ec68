"""Adds 1 to the number of labels against a division by zero."""

LOSES = {"masked_loss-check": 4}


# %% masked_loss
def masked_loss(y_true, y_pred):
    present = ops.logical_not(ops.isnan(y_true))
    error = ops.where(present, y_true, y_pred) - y_pred
    return ops.sum(error**2) / (ops.sum(ops.cast(present, y_pred.dtype)) + 1)
