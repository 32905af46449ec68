"""Counts variables that are never trained among those that a pattern may match."""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    for pattern in rates:
        if not any(re.fullmatch(pattern, v.path) for v in model.variables):
            raise ValueError(pattern)
    optimizers = {pattern: keras.optimizers.SGD(r) for pattern, r in rates.items()}
    return keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(keras.optimizers.SGD(rate), optimizers)
    )
