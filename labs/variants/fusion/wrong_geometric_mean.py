"""Takes the mean of logarithms, which is far less sure than the product."""

LOSES = {"decision_fusion-check": 5}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    return np.average(probabilities, axis=0, weights=weights)


def product_rule(probabilities, floor=1e-12):
    total = np.log(np.maximum(probabilities, floor)).mean(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
