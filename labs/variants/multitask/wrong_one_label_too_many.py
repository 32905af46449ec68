"""Adds 1 to the number of labels against a division by zero."""

LOSES = {"masked_loss-check": 4}
REPLACE = {
    "return ops.sum(error**2) / ops.maximum(ops.sum(ops.cast(present, y_pred.dtype)), 1)":
        "return ops.sum(error**2) / (ops.sum(ops.cast(present, y_pred.dtype)) + 1)",
}
