"""A row that would lose all modalities keeps all of them. Contradicts "A row that would lose all
keeps one of them"."""

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
        kept = ops.logical_or(kept, ops.logical_not(ops.any(kept, axis=1, keepdims=True)))
        outputs = []
        for i, x in enumerate(modalities):
            mask = ops.reshape(kept[:, i], (-1,) + (1,) * (len(x.shape) - 1))
            outputs.append(x * ops.cast(mask, x.dtype))
        return outputs
