"""Adds the features of the branches, so they must agree on what each one means."""

LOSES = {"late_fusion-check": 5}


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    inputs = [keras.Input(shape) for shape in shapes]
    features = [
        keras.layers.Dense(units, activation="relu")(keras.layers.Flatten()(x)) for x in inputs
    ]
    h = keras.layers.Dense(hidden, activation="relu")(keras.layers.Add()(features))
    return keras.Model(inputs, keras.layers.Dense(classes)(h))
