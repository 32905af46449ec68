"""Takes the number of rows from the shape, where it is unknown in a traced model."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    """\
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = keras.random.uniform(shape, seed=self.seed_generator)""": """\
        lots = keras.random.uniform(
            (modalities[0].shape[0], len(modalities)), seed=self.seed_generator
        )""",
}
