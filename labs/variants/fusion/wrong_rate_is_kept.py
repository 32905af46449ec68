"""Takes the rate for the chance to be kept."""

LOSES = {"modality_dropout-check": 5}
REPLACE = {
    "kept = ops.logical_or(lots >= self.rate, largest)":
        "kept = ops.logical_or(lots >= 1 - self.rate, largest)",
}
