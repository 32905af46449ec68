"""Takes the default for the smallest floor there is."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    return np.average(probabilities, axis=0, weights=weights)


def product_rule(probabilities, floor=1e-12):
    total = np.log(np.maximum(probabilities, max(floor, 1e-12))).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
