"""Cuts weights to a million, as if none could be larger. Contradicts "only their ratio counts"."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    "    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)": """\
    weights = np.minimum(weights, 1e6)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)""",
}
