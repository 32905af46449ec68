"""Layers above `until` that an earlier call froze stay frozen; only None unfreezes. The docstring
says: 'unfreezes what lies above', and the model may be 'partly frozen already'."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    if until is None:
        for layer in model.layers:
            layer.trainable = True
    else:
        for layer in model.layers:
            layer.trainable = False
            if layer.name == until:
                break
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(optimizer=optimizer, loss=loss)
