"""The modality that empty rows keep is drawn once for the batch, not for each row. Contradicts
"Each row its own"."""

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
        number = len(modalities)
        rows = ops.shape(modalities[0])[0]
        kept = keras.random.uniform((rows, number), seed=self.seed_generator) >= self.rate
        survivor = keras.random.randint((1,), 0, number, seed=self.seed_generator)
        survivor = ops.one_hot(survivor, number, dtype="bool")
        empty = ops.logical_not(ops.any(kept, axis=1, keepdims=True))
        kept = ops.logical_or(kept, ops.logical_and(empty, survivor))
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), [-1] + [1] * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
