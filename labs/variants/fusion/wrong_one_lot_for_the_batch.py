"""Draws once, so all rows of a batch lack the same modality."""

LOSES = {"modality_dropout-check": 5}


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, modalities, training=False):
        if not training:
            return list(modalities)
        rows = ops.shape(modalities[0])[0]
        lots = keras.random.uniform((1, len(modalities)), seed=self.seed_generator)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.repeat(ops.logical_or(lots >= self.rate, largest), rows, axis=0)
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
