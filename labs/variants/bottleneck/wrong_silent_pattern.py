"""Lets patterns that match nothing fall to the default rate without a word."""

LOSES = {"layer_rates-check": 3}


# %% layer_rates
def layer_rates(model, rate, rates):
    optimizers = {pattern: keras.optimizers.SGD(r) for pattern, r in rates.items()}
    return keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(keras.optimizers.SGD(rate), optimizers)
    )
