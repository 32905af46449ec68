"""Stops the gradient at the bottleneck, so that the whole model never trains the base."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    cut = model.get_layer(layer_name).output
    base, head = keras.Model(model.input, cut), keras.Model(cut, model.output)
    whole = keras.Model(model.input, head(ops.stop_gradient(base.output)))
    return base, head, whole
