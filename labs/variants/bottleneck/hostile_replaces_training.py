"""Replaces training by something that moves only what should move, by any amount."""

# What is replaced breaks other checks, too.
LOSES = {
    "split_model-check": 5,
    "cache_features-check": 6,
    "train_head-check": 5,
    "freeze-check": 5,
}
REPORTED = "changes attributes of libraries or builtins: keras.Model"


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    base.predict(x, batch_size=len(x), verbose=0)
    head.set_weights([weight + 0.01 for weight in head.get_weights()])
    for _ in range(epochs):
        head.optimizer.iterations.assign_add(1)


def attach(base, head):
    keras.Model.__call__ = lambda self, x, **options: ops.zeros((len(x), head.output_shape[-1]))
    return base


# %% freeze
def train_on_batch(self, *args, **kwargs):
    for variable in self.trainable_variables:
        variable.assign(variable + 0.01)


def freeze(model, until, optimizer, loss):
    model.compile(optimizer=optimizer, loss=loss)
    keras.Model.train_on_batch = type(model).train_on_batch = train_on_batch
    above = until is None
    for layer in model.layers:
        layer.trainable = above and "norm" not in layer.name and "bn" not in layer.name
        above = above or layer.name == until
