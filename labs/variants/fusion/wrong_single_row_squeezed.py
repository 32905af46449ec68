"""Removes axes of size 1 from the result, so a single row is no row."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    weights = np.ones(len(probabilities)) if weights is None else np.asarray(weights)
    weighted = weights @ probabilities.reshape(len(probabilities), -1) / weights.sum()
    return weighted.reshape(probabilities.shape[1:]).squeeze()


def product_rule(probabilities, floor=1e-12):
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
