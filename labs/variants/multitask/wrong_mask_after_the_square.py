"""The value is right, the gradient is NaN: the mask comes after the square."""

LOSES = {"masked_loss-check": 3}


# %% masked_loss
def masked_loss(y_true, y_pred):
    present = ops.logical_not(ops.isnan(y_true))
    squares = ops.where(present, (y_true - y_pred) ** 2, 0.0)
    return ops.sum(squares) / ops.maximum(ops.sum(ops.cast(present, "float32")), 1.0)
