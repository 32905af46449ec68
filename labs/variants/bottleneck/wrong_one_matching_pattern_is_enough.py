"""It raises only if none of the patterns matches, so one wrong pattern among good ones goes
unnoticed. The docstring says: 'ValueError: if a pattern matches no trainable variable of the
model.'"""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    paths = [variable.path for variable in model.trainable_variables]
    matches = [re.fullmatch(pattern, path) for pattern in rates for path in paths]
    if rates and not any(matches):
        raise ValueError(f"{list(rates)} match none of {paths}.")
    optimizers = {pattern: keras.optimizers.SGD(r) for pattern, r in rates.items()}
    default = keras.optimizers.SGD(rate)
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default, optimizers))
