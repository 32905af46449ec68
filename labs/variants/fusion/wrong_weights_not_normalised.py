"""Adds weighted probabilities and forgets to divide by the sum of the weights."""

LOSES = {"decision_fusion-check": 5}
REPLACE = {
    "return np.mean(probabilities, axis=0)":
        "weights = np.full(len(probabilities), 1 / len(probabilities))",
    "return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)":
        'return np.einsum("i,irk->rk", weights, probabilities)',
}
