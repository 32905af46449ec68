"""Keeps the first modality where all would be lost, so the network leans on that."""

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
        kept = keras.random.uniform(shape, seed=self.seed_generator) >= self.rate
        nothing = ops.logical_not(ops.any(kept, axis=1, keepdims=True))
        first = ops.equal(ops.arange(len(modalities)), 0)
        kept = ops.logical_or(kept, ops.logical_and(nothing, first))
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
