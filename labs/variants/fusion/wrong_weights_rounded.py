"""Rounds weights to two places, which leaves nothing of small ones. Contradicts "only their ratio
counts"."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        return np.mean(probabilities, axis=0)
    weights = np.round(np.asarray(weights, "float64"), 2)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)


def product_rule(probabilities, floor=1e-12):
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
