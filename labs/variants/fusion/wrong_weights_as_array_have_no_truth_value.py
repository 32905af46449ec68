"""`weights or ...` works for a list, but the truth value of an array is an error. Contradicts
"weights: A weight for each classifier, an array `(classifiers,)`"."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    weights = weights or [1] * len(probabilities)
    weights = np.array(weights) / np.sum(weights)
    return np.sum(weights[:, None, None] * probabilities, axis=0)


def product_rule(probabilities, floor=1e-12):
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
