"""The head is a copy with the same weights: right until one of them changes."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    base = keras.Model(model.input, model.get_layer(layer_name).output)
    shared = keras.Model(base.output, model.output)
    head = keras.models.clone_model(shared)
    head.set_weights(shared.get_weights())
    return base, head, model
