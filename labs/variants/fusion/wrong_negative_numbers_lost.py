"""Multiplies by lots and cuts off what is below 0, which only data above 0 survives."""

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
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)
        modalities = [ops.relu(x) for x in modalities]
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
