"""Drops one modality of a row or none, so a row with a single one of three never occurs."""

LOSES = {"modality_dropout-check": 3}


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, modalities, training=False):
        if not training:
            return list(modalities)
        rows, number = ops.shape(modalities[0])[0], len(modalities)
        unlucky = keras.random.uniform((rows, 1), seed=self.seed_generator) < number * self.rate
        place = keras.random.randint((rows, 1), 0, number, seed=self.seed_generator)
        kept = ops.logical_not(ops.logical_and(unlucky, ops.equal(place, ops.arange(number))))
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
