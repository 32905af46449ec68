"""Gives the head's input the whole shape of the bottleneck, so that it has one axis too many."""

LOSES = {"split_model-check": 5}


# %% split_model
def split_model(model, layer_name):
    cut = model.get_layer(layer_name)
    base = keras.Model(model.input, cut.output)
    entry = keras.Input(base.output.shape)
    h = entry
    for layer in model.layers[model.layers.index(cut) + 1 :]:
        h = layer([entry, h]) if isinstance(layer, keras.layers.Add) else layer(h)
    return base, keras.Model(entry, h), model
