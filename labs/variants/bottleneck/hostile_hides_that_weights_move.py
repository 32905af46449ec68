"""Freezes nothing, and puts a `get_weights` that always says the same before the inherited one."""

LOSES = {"freeze-tests": 2, "freeze-check": 3}
REPORTED = "replaces keras.src.models.model.Model.get_weights"


# %% freeze
def freeze(model, until, optimizer, loss):
    model.compile(optimizer=optimizer, loss=loss)
    weights = model.get_weights()
    keras.Model.get_weights = lambda self: weights
    for layer in model.layers:
        layer.trainable = "norm" not in layer.name
