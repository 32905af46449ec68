"""Leaves s / 2 out, so s grows for ever."""

LOSES = {"uncertainty-check": 5}


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        self.scale = np.where(classifies, 1.0, 0.5).astype("float32")
        self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")

    def factors(self):
        return self.scale * ops.exp(-self.s)

    def call(self, losses):
        return ops.dot(self.factors(), losses)
