"""A model that is compiled already gets the new optimizer but is not compiled again. The statement
says: 'Changing `trainable` later goes unnoticed until the model is compiled again', and the new
loss is ignored."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))
        if layer.name == until:
            frozen = False
    if getattr(model, "optimizer", None) is None:
        model.compile(optimizer=optimizer, loss=loss)
    else:
        model.optimizer = optimizer
