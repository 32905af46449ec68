"""The patterns are checked by re.match, so `stem` passes and then falls to the default rate
without a word. The statement says: 'a pattern has to match the **whole** path of a variable
(`re.fullmatch`)'."""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    paths = [variable.path for variable in model.trainable_variables]
    for pattern in rates:
        if not any(re.match(pattern, path) for path in paths):
            raise ValueError(f"{pattern!r} matches none of {paths}.")
    optimizers = {pattern: keras.optimizers.SGD(r) for pattern, r in rates.items()}
    default = keras.optimizers.SGD(rate)
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default, optimizers))
