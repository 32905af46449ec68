"""Divides the given weights by their sum, where they are floats already."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    "    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)": """\
    weights = np.asarray(weights, dtype=float)
    weights /= weights.sum()
    return np.tensordot(weights, probabilities, axes=1)""",
}
