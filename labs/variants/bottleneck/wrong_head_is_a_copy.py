"""The head is a copy with the same weights: right until one of them changes."""

LOSES = {"split_model-check": 3}
REPLACE = {
    "    head = keras.Model(base.output, model.output)": """\
    shared = keras.Model(base.output, model.output)
    head = keras.models.clone_model(shared)
    head.set_weights(shared.get_weights())""",
}
