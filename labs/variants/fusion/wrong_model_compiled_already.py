"""Compiles the model before it returns it. Contradicts "A functional `keras.Model`, not
compiled"."""

LOSES = {"late_fusion-check": 3}


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    inputs = [keras.Input(shape=shape) for shape in shapes]
    branches = []
    for x in inputs:
        x = keras.layers.Flatten()(x)
        branches.append(keras.layers.Dense(units, activation="relu")(x))
    x = keras.layers.Concatenate()(branches)
    x = keras.layers.Dense(hidden, activation="relu")(x)
    model = keras.Model(inputs=inputs, outputs=keras.layers.Dense(classes)(x))
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
