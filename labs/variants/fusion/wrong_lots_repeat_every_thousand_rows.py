"""Draws lots for a thousand rows and repeats them over the batch."""

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
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = keras.random.uniform((1000, len(modalities)), seed=self.seed_generator)
        lots = ops.take(lots, ops.arange(shape[0]) % 1000, axis=0)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
