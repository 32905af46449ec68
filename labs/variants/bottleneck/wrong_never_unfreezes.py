"""Unfreezes the model, which says that it is trainable already: on TensorFlow its layers stay frozen."""

LOSES = {"freeze-check": 5}


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
