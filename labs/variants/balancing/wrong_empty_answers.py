"""Returns nothing to compare."""

LOSES = {
    "cross_stitch-check": 5,
    "uncertainty-check": 5,
    "dynamic_weights-check": 5,
    "sign_dropout-check": 5,
    "relative_gain-check": 5,
}
REPLACE = {
    """\
        self.scale = np.where(classifies, 1.0, 0.5).astype("float32")
        self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")
""": "",
    "return self.scale * ops.exp(-self.s)": "return ops.zeros(0)",
    "return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)": "return ops.zeros(0)",
}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)

    def call(self, features):
        return []


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    return []


# %% sign_dropout
def sign_dropout(gradients, rng):
    return []


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    return []


def mean_and_error(gains):
    return ()
