"""Freezes the base when it cuts, so that the given model is no longer trained as a whole."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    base = keras.Model(model.input, model.get_layer(layer_name).output)
    head = keras.Model(base.output, model.output)
    base.trainable = False
    return base, head, model
