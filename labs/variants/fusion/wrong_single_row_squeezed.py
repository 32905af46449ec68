"""Removes axes of size 1 from the result, so a single row is no row."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    """\
    if weights is None:
        return np.mean(probabilities, axis=0)
    return np.tensordot(weights, probabilities, axes=1) / np.sum(weights)""": """\
    weights = np.ones(len(probabilities)) if weights is None else np.asarray(weights)
    weighted = weights @ probabilities.reshape(len(probabilities), -1) / weights.sum()
    return weighted.reshape(probabilities.shape[1:]).squeeze()""",
}
