"""Asks whether the network is sure of the augmented view."""

LOSES = {"uda_loss-check": 5}
REPLACE = {
    "sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold":
        "sure = ops.max(ops.softmax(augmented, axis=-1), axis=-1) > threshold",
}
