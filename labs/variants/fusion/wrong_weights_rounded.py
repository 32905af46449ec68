"""Rounds weights to two places, which leaves nothing of small ones. Contradicts "only their ratio
counts"."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    "    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)": """\
    weights = np.round(np.asarray(weights, "float64"), 2)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)""",
}
