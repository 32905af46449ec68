"""Counts rows at the threshold, too."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold":
        "sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) >= threshold",
}
