"""Takes the mean over rows instead of classifiers."""

LOSES = {"decision_fusion-check": 5}
REPLACE = {
    """\
    if weights is None:
        return np.mean(probabilities, axis=0)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)""": """\
    weights = np.ones(len(probabilities)) if weights is None else np.asarray(weights)
    weighted = weights[:, None, None] * probabilities / weights.sum()
    return weighted.mean(axis=1)""",
}
