"""Divides 0 by 0 where every label is missing and turns the NaN into 0 afterwards: the loss is
right, but its gradient is NaN. The statement says that a missing label must leave no trace in the
gradient."""

LOSES = {"masked_loss-check": 3}


# %% masked_loss
def masked_loss(y_true, y_pred):
    missing = ops.isnan(y_true)
    error = ops.where(missing, y_pred, y_true) - y_pred
    count = ops.sum(ops.cast(ops.logical_not(missing), y_pred.dtype))
    return ops.nan_to_num(ops.sum(error**2) / count)
