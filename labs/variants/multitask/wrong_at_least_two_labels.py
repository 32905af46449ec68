"""Divides by at least 2: a batch with a single label gets half of its loss."""

LOSES = {"masked_loss-check": 3}
REPLACE = {
    "return ops.sum(error**2) / ops.maximum(ops.sum(ops.cast(present, y_pred.dtype)), 1)":
        "return ops.sum(error**2) / ops.maximum(ops.sum(ops.cast(present, y_pred.dtype)), 2)",
}
