"""Draws once, so all rows of a batch lack the same modality."""

LOSES = {"modality_dropout-check": 5}
REPLACE = {
    "shape = (ops.shape(modalities[0])[0], len(modalities))": "rows = ops.shape(modalities[0])[0]",
    "lots = keras.random.uniform(shape, seed=self.seed_generator)":
        "lots = keras.random.uniform((1, len(modalities)), seed=self.seed_generator)",
    "kept = ops.logical_or(lots >= self.rate, largest)":
        "kept = ops.repeat(ops.logical_or(lots >= self.rate, largest), rows, axis=0)",
}
