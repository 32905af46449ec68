"""Where branches meet, the head merges the last tensor with the bottleneck, as if every branch
were a skip connection. The statement says: 'branches may part and meet again' and '`head(base(x))`
equals `whole(x)` to the last bit'."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    base = keras.Model(model.input, model.get_layer(layer_name).output)
    names = [layer.name for layer in model.layers]
    features = keras.Input(base.output_shape[1:])
    outputs = features
    for layer in model.layers[names.index(layer_name) + 1 :]:
        if isinstance(layer.input, list):  # a branch comes back
            outputs = layer([features, outputs])
        else:
            outputs = layer(outputs)
    return base, keras.Model(features, outputs), model
