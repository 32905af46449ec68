"""Returns the factors of the last call, not those of now."""

LOSES = {"uncertainty-check": 5}


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        self.scale = np.where(classifies, 1.0, 0.5).astype("float32")
        self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")

    def factors(self):
        return self.latest

    def call(self, losses):
        self.latest = self.scale * ops.exp(-self.s)
        return ops.dot(self.latest, losses) + 0.5 * ops.sum(self.s)
