"""Scales up what it keeps, as dropout of single numbers does."""

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
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.cast(ops.logical_or(lots >= self.rate, largest), "float32") / (1 - self.rate)
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
