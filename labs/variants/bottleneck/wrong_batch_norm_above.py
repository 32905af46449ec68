"""Freezes batch normalisation below the cut only, and none of it when nothing else is frozen."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    if until is None:
        for layer in model.layers:
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    else:
        names = [layer.name for layer in model.layers]
        for number, layer in enumerate(model.layers):
            layer.trainable = number > names.index(until)
    model.compile(optimizer=optimizer, loss=loss)
