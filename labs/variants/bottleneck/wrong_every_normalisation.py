"""Freezes layer normalisation, too, as everything whose class is called a normalisation."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not (frozen or "Normalization" in type(layer).__name__)
        if layer.name == until:
            frozen = False
    model.compile(optimizer=optimizer, loss=loss)
