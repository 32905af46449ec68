"""Adds logarithms of products of twenty classifiers, which underflow where the floor is small."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    return np.average(probabilities, axis=0, weights=weights)


def product_rule(probabilities, floor=1e-12):
    probabilities, total = np.maximum(probabilities, floor), 0.0
    for start in range(0, len(probabilities), 20):
        total = total + np.log(np.prod(probabilities[start : start + 20], axis=0))
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
