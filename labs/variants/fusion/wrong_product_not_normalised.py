"""Leaves the product as small as it is."""

LOSES = {"decision_fusion-check": 5}


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    return np.average(probabilities, axis=0, weights=weights)


def product_rule(probabilities, floor=1e-12):
    return np.exp(np.log(np.maximum(probabilities, floor)).sum(axis=0))
