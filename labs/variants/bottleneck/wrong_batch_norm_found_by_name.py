"""Batch normalisation is known by 'norm' in its name, so one called `bn` is trained and layer
normalisation is frozen. The docstring says: 'Batch normalisation is frozen everywhere in the
model', and `until=None` 'freezes nothing but batch normalisation'."""

LOSES = {"freeze-check": 3}


# %% freeze
def freeze(model, until, optimizer, loss):
    frozen = until is not None
    for layer in model.layers:
        layer.trainable = not (frozen or "norm" in layer.name)
        if layer.name == until:
            frozen = False
    model.compile(optimizer=optimizer, loss=loss)
