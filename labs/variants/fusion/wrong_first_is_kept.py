"""Keeps the first modality where all would be lost, so the network leans on that."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    """\
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)""": """\
        kept = keras.random.uniform(shape, seed=self.seed_generator) >= self.rate
        nothing = ops.logical_not(ops.any(kept, axis=1, keepdims=True))
        first = ops.equal(ops.arange(len(modalities)), 0)
        kept = ops.logical_or(kept, ops.logical_and(nothing, first))""",
}
