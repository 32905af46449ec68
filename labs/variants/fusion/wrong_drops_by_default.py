"""Changes the default of `training` to True, so a plain call of the layer drops modalities.
Contradicts "In inference nothing is dropped" and "Keep the names and arguments that are
given"."""

LOSES = {"modality_dropout-check": 3}


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, modalities, training=True):
        if not training:
            return list(modalities)
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        best = ops.one_hot(ops.argmax(lots, axis=1), len(modalities), dtype="bool")
        kept = ops.logical_or(lots >= self.rate, best)
        outputs = []
        for i, x in enumerate(modalities):
            mask = ops.cast(kept[:, i], x.dtype)
            outputs.append(x * ops.reshape(mask, (-1,) + (1,) * (len(x.shape) - 1)))
        return outputs
