"""Seeds all of TensorFlow and draws from that, so other layers and draws change its lots."""

LOSES = {"modality_dropout-check": 3}


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        if seed is not None:
            tf.random.set_seed(seed)

    def call(self, modalities, training=False):
        if not training:
            return list(modalities)
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = tf.random.uniform(shape)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]
