"""Leaves out every row with a missing label, and its present labels with it."""

LOSES = {"masked_loss-check": 4}


# %% masked_loss
def masked_loss(y_true, y_pred):
    complete = ops.logical_not(ops.any(ops.isnan(y_true), axis=1))
    error = ops.where(complete[:, None], y_true, y_pred) - y_pred
    count = ops.sum(ops.cast(complete, y_pred.dtype)) * y_true.shape[1]
    return ops.sum(error**2) / ops.maximum(count, 1)
