"""With any name in `until` all layers but the last one are frozen. The docstring says: 'Freezes a
model up to a layer, unfreezes what lies above'."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    for layer in model.layers[:-1]:
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = until is None and not norm
    model.layers[-1].trainable = True
    model.compile(optimizer=optimizer, loss=loss)
