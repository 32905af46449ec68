"""Passes the answer as the target, and the target as the answer."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))":
        "return ops.mean(ops.where(sure, divergence(augmented, clean / temperature), 0.0))",
}
