"""Replaces zeros alone by the floor, so that 1e-9 is less than 0 with a floor of 1e-3.
Contradicts "Probabilities below it count as it"."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        return np.mean(probabilities, axis=0)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)


def product_rule(probabilities, floor=1e-12):
    probabilities = np.where(probabilities == 0, floor, probabilities)
    total = np.log(probabilities).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)
