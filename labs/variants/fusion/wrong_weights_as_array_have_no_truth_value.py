"""`weights or ...` works for a list, but the truth value of an array is an error. Contradicts
"weights: A weight for each classifier, an array `(classifiers,)`"."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    """\
    if weights is None:
        return np.mean(probabilities, axis=0)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)""": """\
    weights = weights or [1] * len(probabilities)
    weights = np.array(weights) / np.sum(weights)
    return np.sum(weights[:, None, None] * probabilities, axis=0)""",
}
