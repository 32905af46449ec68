"""Compiles the given model, about which nothing should change."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    cut = model.get_layer(layer_name).output
    base, head = keras.Model(model.input, cut), keras.Model(cut, model.output)
    model.compile("adam", "mse")
    return base, head, model
