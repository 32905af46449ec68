"""The mask has three axes unless a modality has two, so it does not fit images with channels.
Contradicts "List of tensors, `(rows, ...)` each, with any number of axes"."""

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
        kept = ops.logical_or(lots >= self.rate, lots == ops.max(lots, axis=1, keepdims=True))
        outputs = []
        for i, x in enumerate(modalities):
            mask = ops.cast(kept[:, i], x.dtype)
            mask = mask[:, None] if len(x.shape) == 2 else mask[:, None, None]
            outputs.append(x * mask)
        return outputs
