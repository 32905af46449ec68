"""Unfreezes the model, which says that it is trainable already: on TensorFlow its layers stay frozen."""

LOSES = {"freeze-check": 5}
REPLACE = {
    "    for layer in model.layers:": """\
    model.trainable = True
    for layer in model.layers:""",
    "        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))":
        """\
        if frozen or isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False""",
}
