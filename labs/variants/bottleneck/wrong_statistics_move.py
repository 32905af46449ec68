"""Freezes layers with kernels only: batch normalisation goes on to follow the batches."""

LOSES = {"freeze-check": 5}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not frozen or not hasattr(layer, "kernel")
        if layer.name == until:
            frozen = False
    model.compile(optimizer=optimizer, loss=loss)
