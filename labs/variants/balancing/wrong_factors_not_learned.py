"""Stops the gradient of the factors, so s always falls."""

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
        return ops.dot(ops.stop_gradient(self.factors()), losses) + 0.5 * ops.sum(self.s)
