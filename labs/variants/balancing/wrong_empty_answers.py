"""Returns nothing to compare."""

LOSES = {
    "cross_stitch-check": 5,
    "uncertainty-check": 5,
    "dynamic_weights-check": 5,
    "sign_dropout-check": 5,
    "relative_gain-check": 5,
}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)

    def call(self, features):
        return []


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)

    def factors(self):
        return ops.zeros(0)

    def call(self, losses):
        return ops.zeros(0)


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
