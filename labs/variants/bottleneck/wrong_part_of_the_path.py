"""Is content with a pattern that matches a part of a path, where Keras wants the whole."""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    for pattern in rates:
        if not any(re.search(pattern, v.path) for v in model.trainable_variables):
            raise ValueError(pattern)
    optimizers = {pattern: keras.optimizers.SGD(r) for pattern, r in rates.items()}
    return keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(keras.optimizers.SGD(rate), optimizers)
    )
