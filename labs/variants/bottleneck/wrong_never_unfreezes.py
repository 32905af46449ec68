"""Unfreezes the model, which says that it is trainable already: on TensorFlow its layers stay frozen."""

LOSES = {"freeze-tests": 2, "freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    model.trainable = True
    for layer in model.layers:
        if frozen or isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        if layer.name == until:
            frozen = False
    model.compile(optimizer=optimizer, loss=loss)
