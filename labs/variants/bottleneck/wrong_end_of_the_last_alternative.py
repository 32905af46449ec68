"""Appends `$` to a pattern: of a|b only b has to match to the end."""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    paths = [variable.path for variable in model.trainable_variables]
    for pattern in rates:
        if not any(re.match(pattern + "$", path) for path in paths):
            raise ValueError(pattern)
    optimizers = {pattern: keras.optimizers.SGD(r) for pattern, r in rates.items()}
    return keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(keras.optimizers.SGD(rate), optimizers)
    )
