"""Drops features in training, before the head."""

LOSES = {"late_fusion-check": 3}
REPLACE = {
    '    h = keras.layers.Dense(hidden, activation="relu")(together)': """\
    together = keras.layers.Dropout(0.5)(together)
    h = keras.layers.Dense(hidden, activation="relu")(together)""",
}
