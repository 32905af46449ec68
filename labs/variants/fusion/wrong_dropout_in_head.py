"""A dropout layer stands between the two dense layers of the head, which shows only in training.
Contradicts "a dense layer of `hidden` with ReLU, and a dense layer of `classes` follows"."""

LOSES = {"late_fusion-check": 3}


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    inputs = [keras.Input(shape=shape) for shape in shapes]
    features = [
        keras.layers.Dense(units, activation="relu")(keras.layers.Flatten()(x)) for x in inputs
    ]
    h = keras.layers.Concatenate()(features)
    h = keras.layers.Dense(hidden, activation="relu")(h)
    h = keras.layers.Dropout(0.3)(h)
    return keras.Model(inputs=inputs, outputs=keras.layers.Dense(classes)(h))
