"""Divides by the number of rows that count, which may be 0."""

LOSES = {"uda_loss-check": 5}
REPLACE = {
    "    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))": """\
    counts = ops.cast(sure, "float32")
    return ops.sum(counts * divergence(clean / temperature, augmented)) / ops.sum(counts)""",
}
