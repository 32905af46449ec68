"""The whole model calls its base in inference mode, also when it is trained."""

LOSES = {"split_model-check": 3}


# %% split_model
class Inference(keras.layers.Layer):
    def __init__(self, base):
        super().__init__()
        self.base = base

    def call(self, x):
        return self.base(x, training=False)


def split_model(model, layer_name):
    base = keras.Model(model.input, model.get_layer(layer_name).output)
    head = keras.Model(base.output, model.output)
    x = keras.Input(model.input_shape[1:])
    return base, head, keras.Model(x, head(Inference(base)(x)))
