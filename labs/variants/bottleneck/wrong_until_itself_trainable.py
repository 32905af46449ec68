"""The layer `until` stays trainable, only those before it are frozen; no one sees it where `until`
is batch normalisation. The docstring says: 'until: Name of the last frozen layer.'"""

LOSES = {"freeze-check": 3}
REPLACE = {
    "        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))\n":
        "",
    "    model.compile(optimizer=optimizer, loss=loss)": """\
        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))
    model.compile(optimizer=optimizer, loss=loss)""",
}
