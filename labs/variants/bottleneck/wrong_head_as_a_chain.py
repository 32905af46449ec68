"""Strings the layers above the bottleneck together, as if nothing ever branched."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    cut = model.get_layer(layer_name)
    base = keras.Model(model.input, cut.output)
    h = entry = keras.Input(base.output.shape[1:])
    for layer in model.layers[model.layers.index(cut) + 1 :]:
        h = layer([h, h]) if isinstance(layer, keras.layers.Add) else layer(h)
    return base, keras.Model(entry, h), model
