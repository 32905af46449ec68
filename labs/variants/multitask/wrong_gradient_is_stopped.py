"""Computes the loss in NumPy: the value is right, and no gradient reaches the predictions."""

LOSES = {"masked_loss-check": 3}


# %% masked_loss
def masked_loss(y_true, y_pred):
    y_true, y_pred = ops.convert_to_numpy(y_true), ops.convert_to_numpy(y_pred)
    present = ~np.isnan(y_true)
    error = (y_true - y_pred)[present]
    return ops.convert_to_tensor(np.sum(error**2) / max(present.sum(), 1))
