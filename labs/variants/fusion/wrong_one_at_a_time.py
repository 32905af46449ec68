"""Drops one modality of a row or none, so a row with a single one of three never occurs."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    """\
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)""": """\
        rows, number = ops.shape(modalities[0])[0], len(modalities)
        unlucky = keras.random.uniform((rows, 1), seed=self.seed_generator) < number * self.rate
        place = keras.random.randint((rows, 1), 0, number, seed=self.seed_generator)
        kept = ops.logical_not(ops.logical_and(unlucky, ops.equal(place, ops.arange(number))))""",
}
