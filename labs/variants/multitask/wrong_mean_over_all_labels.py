"""Divides by all labels, missing ones too, so that rows with few labels count less."""

LOSES = {"masked_loss-check": 4}
REPLACE = {
    "return ops.sum(error**2) / ops.maximum(ops.sum(ops.cast(present, y_pred.dtype)), 1)":
        "return ops.mean(error**2)",
}
