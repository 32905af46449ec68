"""Multiplies the weights by β instead of raising them to it."""

LOSES = {"multiplicative_loss-check": 5}
REPLACE = {
    "return -ops.sum(ops.stop_gradient(ops.exp(beta * others)) * right, axis=-1)":
        "return -ops.sum(ops.stop_gradient(beta * ops.exp(others)) * right, axis=-1)",
}
