"""Multiplies over all modalities, the weighted one included."""

LOSES = {"multiplicative_loss-check": 5}
REPLACE = {
    "others = ops.sum(wrong, axis=-1, keepdims=True) - wrong":
        "weight = ops.exp(beta * ops.sum(wrong, axis=-1, keepdims=True))",
    "return -ops.sum(ops.stop_gradient(ops.exp(beta * others)) * right, axis=-1)":
        "return -ops.sum(ops.stop_gradient(weight) * right, axis=-1)",
}
