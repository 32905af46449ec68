"""Above the frozen layers only gamma and beta of batch normalisation are frozen, and its moving
statistics follow the batches. The statement says: 'keeps both, and normalises by its moving
statistics', 'everywhere in the model'."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not frozen
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable in layer.trainable_variables:
                variable.trainable = False
        if layer.name == until:
            frozen = False
    model.compile(optimizer=optimizer, loss=loss)
