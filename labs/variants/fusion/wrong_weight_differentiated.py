"""Lets the gradient pass the weights: a modality may lower another one's error by being surer."""

LOSES = {"multiplicative_loss-check": 5}
REPLACE = {
    "return -ops.sum(ops.stop_gradient(ops.exp(beta * others)) * right, axis=-1)":
        "return -ops.sum(ops.exp(beta * others) * right, axis=-1)",
}
