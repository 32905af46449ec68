"""Takes the largest sum of the whole array away, so a row with far smaller sums becomes 0/0.
Contradicts "take the largest sum of each row away before you go back"."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        return np.mean(probabilities, axis=0)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)


def product_rule(probabilities, floor=1e-12):
    logs = np.log(np.maximum(probabilities, floor))
    total = logs.sum(axis=0)
    product = np.exp(total - total.max())
    return product / product.sum(axis=-1, keepdims=True)
