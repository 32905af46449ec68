"""Returns the number 0.0 where no row counts."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))": """\
    if not np.any(ops.convert_to_numpy(sure)):
        return 0.0
    return ops.mean(ops.where(sure, divergence(clean / temperature, augmented), 0.0))""",
}
