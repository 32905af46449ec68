"""Batch normalisation is known by 'norm' in its name, so one called `bn` is trained and layer
normalisation is frozen. The docstring says: 'Batch normalisation is frozen everywhere in the
model', and `until=None` 'freezes nothing but batch normalisation'."""

LOSES = {"freeze-check": 3}
REPLACE = {
    "layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))":
        'layer.trainable = not (frozen or "norm" in layer.name)',
}
