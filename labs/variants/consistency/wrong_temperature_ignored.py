"""Takes a temperature and never uses it."""

LOSES = {"uda_loss-check": 5}
REPLACE = {
    "return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))":
        "return ops.mean(ops.where(sure, divergence(clean, augmented), 0.0))",
}
