"""The optimizers have a momentum of 0.9, which shows from the second step on. The docstring says:
'Plain SGD with learning rates by layer.'"""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    paths = [variable.path for variable in model.trainable_variables]
    for pattern in rates:
        if not any(re.fullmatch(pattern, path) for path in paths):
            raise ValueError(f"{pattern!r} matches none of {paths}.")
    optimizers = {
        pattern: keras.optimizers.SGD(r, momentum=0.9) for pattern, r in rates.items()
    }
    default = keras.optimizers.SGD(rate, momentum=0.9)
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default, optimizers))
