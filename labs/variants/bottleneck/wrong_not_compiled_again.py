"""Compiles only a model that never was: the second time it does not learn what is trainable now."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))
        if layer.name == until:
            frozen = False
    if not model.compiled:
        model.compile(optimizer=optimizer, loss=loss)
