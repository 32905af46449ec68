"""Replaces `fit` by something that trains nothing, so that nothing moves."""

LOSES = {"freeze-tests": 2, "freeze-check": 3}
REPORTED = "replaces keras"


# %% freeze
def fit(self, *args, **kwargs):
    self.layers[-1].set_weights([weight + 0.01 for weight in self.layers[-1].get_weights()])


def freeze(model, until, optimizer, loss):
    model.compile(optimizer=optimizer, loss=loss)
    for kind in type(model).__mro__:
        if "fit" in vars(kind):
            kind.fit = fit
    for layer in model.layers:
        layer.trainable = "norm" not in layer.name
