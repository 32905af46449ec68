"""Compiles with the mean squared error, whatever loss is given."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))
        if layer.name == until:
            frozen = False
    model.compile(optimizer=optimizer, loss="mse")
