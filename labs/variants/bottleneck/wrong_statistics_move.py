"""Freezes layers with kernels only: batch normalisation goes on to follow the batches."""

LOSES = {"freeze-check": 5}
REPLACE = {
    "layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))":
        'layer.trainable = not frozen or not hasattr(layer, "kernel")',
}
