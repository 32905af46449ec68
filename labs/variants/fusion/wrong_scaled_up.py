"""Scales up what it keeps, as dropout of single numbers does."""

LOSES = {"modality_dropout-check": 5}
REPLACE = {
    "kept = ops.logical_or(lots >= self.rate, largest)":
        'kept = ops.cast(ops.logical_or(lots >= self.rate, largest), "float32") / (1 - self.rate)',
}
