"""Sharpens the answer as well as its target."""

LOSES = {"uda_loss-check": 5}
REPLACE = {
    "    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))": """\
    rows = divergence(clean / temperature, augmented / temperature)
    return ops.mean(ops.where(sure, rows, 0.0))""",
}
