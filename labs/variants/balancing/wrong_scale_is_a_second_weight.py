"""Keeps the factors of both kinds as a second weight."""

LOSES = {"uncertainty-check": 3}


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        scale = np.where(classifies, 1.0, 0.5)
        self.scale = self.add_weight(
            shape=(len(classifies),),
            initializer=keras.initializers.Constant(scale),
            trainable=False,
            name="scale",
        )
        self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")

    def factors(self):
        return self.scale * ops.exp(-self.s)

    def call(self, losses):
        return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)
