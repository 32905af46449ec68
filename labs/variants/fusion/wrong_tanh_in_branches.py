"""Branches end with tanh, not with ReLU."""

LOSES = {"late_fusion-check": 3}
REPLACE = {
    'keras.layers.Dense(units, activation="relu")(keras.layers.Flatten()(x)) for x in inputs':
        'keras.layers.Dense(units, activation="tanh")(keras.layers.Flatten()(x)) for x in inputs',
}
