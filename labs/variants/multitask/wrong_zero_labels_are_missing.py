"""Fills missing labels with 0 and then takes every 0 for missing, so that true labels of 0 are
left out. The statement asks for the mean over the labels that are there."""

LOSES = {"masked_loss-check": 3}


# %% masked_loss
def masked_loss(y_true, y_pred):
    y_true = ops.nan_to_num(y_true, nan=0.0)
    mask = ops.cast(ops.not_equal(y_true, 0), y_pred.dtype)
    return ops.sum(mask * (y_true - y_pred) ** 2) / ops.maximum(ops.sum(mask), 1)
