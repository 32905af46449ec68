"""Returns a head that takes no bottlenecks: it runs the whole model on the last inputs."""

LOSES = {"split_model-check": 5}


# %% split_model
class Base(keras.Model):
    def call(self, x, training=False):
        self.seen = x
        return super().call(x, training=training)


class Head:
    def __init__(self, base, model, below):
        self.base, self.model = base, model
        self.input_shape = base.output_shape
        self.weights = [w for w in model.weights if not any(w is one for one in below)]
        self.trainable_variables = [w for w in self.weights if w.trainable]

    def __call__(self, bottlenecks, training=False):
        return self.model(self.base.seen, training=training)


def split_model(model, layer_name):
    base = Base(model.input, model.get_layer(layer_name).output)
    return base, Head(base, model, base.weights), model
