"""The three models share the layers of a copy with equal weights, not those of the given model.
The docstring says: 'Three models that share the layers of `model`'."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    whole = keras.models.clone_model(model)
    whole.set_weights(model.get_weights())
    cut = whole.get_layer(layer_name).output
    return keras.Model(whole.input, cut), keras.Model(cut, whole.output), whole
