"""Looks at kernels alone: everything else falls to the default rate."""

LOSES = {"layer_rates-check": 2}


# %% layer_rates
def layer_rates(model, rate, rates):
    default, chosen = keras.optimizers.SGD(rate), {}
    for pattern, own in rates.items():
        matching = [v.path for v in model.trainable_variables if re.fullmatch(pattern, v.path)]
        if not matching:
            raise ValueError(pattern)
        optimizer = keras.optimizers.SGD(own)
        chosen.update({path: optimizer for path in matching if path.endswith("kernel")})
    return keras.optimizers.MultiOptimizer(lambda variable: chosen.get(variable.path, default))
