"""Excludes a class whenever one classifier does, until none is left."""

LOSES = {"decision_fusion-check": 5}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    return np.average(probabilities, axis=0, weights=weights)


def product_rule(probabilities, floor=1e-12):
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.log(probabilities).sum(axis=0)
        product = np.exp(total - total.max(axis=-1, keepdims=True))
        return product / product.sum(axis=-1, keepdims=True)
