"""Draws for each modality alone, so some rows lose all of them."""

LOSES = {"modality_dropout-check": 5}
REPLACE = {
    """\
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)""":
        "        kept = keras.random.uniform(shape, seed=self.seed_generator) >= self.rate",
}
