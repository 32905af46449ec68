"""Multiplies: a product of many probabilities is 0, and 0/0 is no number."""

LOSES = {"decision_fusion-check": 5}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    return np.average(probabilities, axis=0, weights=weights)


def product_rule(probabilities, floor=1e-12):
    product = np.prod(np.maximum(probabilities, floor), axis=0)
    return product / product.sum(axis=-1, keepdims=True)
