"""Cuts at what the named layer takes, not at what it returns."""

LOSES = {"split_model-check": 5}


# %% split_model
def split_model(model, layer_name):
    base = keras.Model(model.input, model.get_layer(layer_name).input)
    return base, keras.Model(base.output, model.output), model
