"""Returns factors as an array, which no gradient passes."""

LOSES = {"uncertainty-check": 3}


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        self.scale = np.where(classifies, 1.0, 0.5).astype("float32")
        self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")

    def factors(self):
        return self.scale * np.exp(-ops.convert_to_numpy(self.s))

    def call(self, losses):
        return ops.sum(self.scale * ops.exp(-self.s) * losses + 0.5 * self.s)
