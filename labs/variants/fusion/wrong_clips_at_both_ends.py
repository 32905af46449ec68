"""Clips probabilities above 1 - floor as well, so a sure classifier counts for less. Contradicts
"probabilities below `floor` count as `floor`": all others stay as they are."""

LOSES = {"decision_fusion-check": 3}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        return np.mean(probabilities, axis=0)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)


def product_rule(probabilities, floor=1e-12):
    clipped = np.clip(probabilities, floor, 1 - floor)
    total = np.log(clipped).sum(axis=0)
    total -= total.max(axis=-1, keepdims=True)
    product = np.exp(total)
    return product / product.sum(axis=-1, keepdims=True)
