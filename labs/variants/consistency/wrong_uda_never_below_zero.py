"""Takes 0 where the divergence is below 0. Contradicts "It may be any function of logits"."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))": """\
    rows = ops.maximum(divergence(clean / temperature, augmented), 0.0)
    return ops.mean(ops.where(sure, rows, 0.0))""",
}
