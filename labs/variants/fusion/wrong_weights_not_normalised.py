"""Adds weighted probabilities and forgets to divide by the sum of the weights."""

LOSES = {"decision_fusion-check": 5}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        weights = np.full(len(probabilities), 1 / len(probabilities))
    return np.einsum("i,irk->rk", weights, probabilities)


def product_rule(probabilities, floor=1e-12):
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
