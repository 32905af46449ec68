"""Sets the logits of unsure rows to 0, as if equal answers had a divergence of 0. Contradicts "It may
be any function of logits"."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))": """\
    counts = ops.cast(sure, clean.dtype)[:, None]
    return ops.mean(divergence(counts * clean / temperature, counts * augmented))""",
}
