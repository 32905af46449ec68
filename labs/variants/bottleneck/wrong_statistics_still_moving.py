"""Above the frozen layers only gamma and beta of batch normalisation are frozen, and its moving
statistics follow the batches. The statement says: 'keeps both, and normalises by its moving
statistics', 'everywhere in the model'."""

LOSES = {"freeze-check": 3}
REPLACE = {
    "        layer.trainable = not (frozen or isinstance(layer, keras.layers.BatchNormalization))":
        """\
        layer.trainable = not frozen
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable in layer.trainable_variables:
                variable.trainable = False""",
}
