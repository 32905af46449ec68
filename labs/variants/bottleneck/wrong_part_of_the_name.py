"""Stops at the first layer whose name holds the given one."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))
        if until is not None and until in layer.name:
            frozen = False
    model.compile(optimizer=optimizer, loss=loss)
