"""Averages each task first and then over tasks, so that a label of a sparse task counts more."""

LOSES = {"masked_loss-check": 4}
REPLACE = {
    "    return ops.sum(error**2) / ops.maximum(ops.sum(ops.cast(present, y_pred.dtype)), 1)": """\
    counts = ops.maximum(ops.sum(ops.cast(present, y_pred.dtype), axis=0), 1)
    return ops.mean(ops.sum(error**2, axis=0) / counts)""",
}
