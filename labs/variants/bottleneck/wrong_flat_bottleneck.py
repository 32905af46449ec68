"""Gives the head's input the last axis of the bottleneck alone, so that further axes are lost."""

LOSES = {"split_model-check": 3}


# %% split_model
def split_model(model, layer_name):
    cut = model.get_layer(layer_name)
    base = keras.Model(model.input, cut.output)
    replayed = {id(cut.output): keras.Input((cut.output.shape[-1],))}
    for layer in model.layers[model.layers.index(cut) + 1 :]:
        entries = layer.input if isinstance(layer.input, list) else [layer.input]
        found = [replayed[id(tensor)] for tensor in entries]
        replayed[id(layer.output)] = layer(found if len(found) > 1 else found[0])
    return base, keras.Model(replayed[id(cut.output)], replayed[id(model.output)]), model
