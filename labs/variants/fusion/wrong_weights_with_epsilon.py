"""Adds 1e-6 to the sum of the weights, against a division by 0. Contradicts "only their ratio
counts"."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    "return np.mean(probabilities, axis=0)": "weights = np.ones(len(probabilities))",
    "return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)":
        "return np.tensordot(weights, probabilities, axes=1) / (np.sum(weights) + 1e-6)",
}
