"""Looks for patterns in capital and small letters alike, so STEM/.* gets no error and no rate."""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    paths = [variable.path for variable in model.trainable_variables]
    for pattern in rates:
        if not any(re.fullmatch(pattern, path, re.IGNORECASE) for path in paths):
            raise ValueError(pattern)
    optimizers = {pattern: keras.optimizers.SGD(r) for pattern, r in rates.items()}
    return keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(keras.optimizers.SGD(rate), optimizers)
    )
