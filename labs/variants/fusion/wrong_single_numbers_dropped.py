"""Drops single numbers, by Keras's own layer, which scales the rest, too."""

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
        return [
            keras.random.dropout(x, self.rate, seed=self.seed_generator) for x in modalities
        ]
