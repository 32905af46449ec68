"""Freezes layer normalisation, too, as everything whose class is called a normalisation."""

LOSES = {"freeze-check": 3}
REPLACE = {
    "layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))":
        'layer.trainable = not (frozen or "Normalization" in type(layer).__name__)',
}
