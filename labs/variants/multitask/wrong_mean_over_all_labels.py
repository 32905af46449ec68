"""Divides by all labels, missing ones too, so that rows with few labels count less."""

LOSES = {"masked_loss-check": 4}


# %% masked_loss
def masked_loss(y_true, y_pred):
    present = ops.logical_not(ops.isnan(y_true))
    error = ops.where(present, y_true, y_pred) - y_pred
    return ops.mean(error**2)
