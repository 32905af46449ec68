"""The modality that empty rows keep is drawn once for the batch, not for each row. Contradicts
"Each row its own"."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    """\
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)""": """\
        number = len(modalities)
        rows = ops.shape(modalities[0])[0]
        kept = keras.random.uniform((rows, number), seed=self.seed_generator) >= self.rate
        survivor = keras.random.randint((1,), 0, number, seed=self.seed_generator)
        survivor = ops.one_hot(survivor, number, dtype="bool")
        empty = ops.logical_not(ops.any(kept, axis=1, keepdims=True))
        kept = ops.logical_or(kept, ops.logical_and(empty, survivor))""",
    "x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))":
        "x * ops.reshape(ops.cast(kept[:, i], x.dtype), [-1] + [1] * (len(x.shape) - 1))",
}
