"""Multiplies in long double, which underflows as well, only later (some ten thousand
classifiers). Contradicts "A product of many probabilities is smaller than any floating-point
number"."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        return np.mean(probabilities, axis=0)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)


def product_rule(probabilities, floor=1e-12):
    safe = np.maximum(probabilities, floor).astype(np.longdouble)
    product = np.prod(safe, axis=0)
    product = product / product.sum(axis=-1, keepdims=True)
    return product.astype("float64")
