"""Adds 1e-6 to the sum of the weights, against a division by 0. Contradicts "only their ratio
counts"."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        weights = np.ones(len(probabilities))
    return np.tensordot(weights, probabilities, axes=1) / (np.sum(weights) + 1e-6)


def product_rule(probabilities, floor=1e-12):
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
