"""Has a hidden layer without activation, which merges answers in disguise."""

LOSES = {"late_fusion-check": 5}


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    inputs = [keras.Input(shape) for shape in shapes]
    features = [
        keras.layers.Dense(units, activation="relu")(keras.layers.Flatten()(x)) for x in inputs
    ]
    h = keras.layers.Dense(hidden)(keras.layers.Concatenate()(features))
    return keras.Model(inputs, keras.layers.Dense(classes)(h))
