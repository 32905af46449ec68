"""Divides by a tenth where the temperature is lower."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))": """\
    rows = divergence(clean / max(temperature, 0.1), augmented)
    return ops.mean(ops.where(sure, rows, 0.0))""",
}
