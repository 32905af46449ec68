"""Has a hidden layer without activation, which merges answers in disguise."""

LOSES = {"late_fusion-check": 5}
REPLACE = {
    """\
    together = keras.layers.Concatenate()(features)
    h = keras.layers.Dense(hidden, activation="relu")(together)""":
        "    h = keras.layers.Dense(hidden)(keras.layers.Concatenate()(features))",
}
