"""Clips probabilities above 1 - floor as well, so a sure classifier counts for less. Contradicts
"probabilities below `floor` count as `floor`": all others stay as they are."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    """\
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))""": """\
    clipped = np.clip(probabilities, floor, 1 - floor)
    total = np.log(clipped).sum(axis=0)
    total -= total.max(axis=-1, keepdims=True)
    product = np.exp(total)""",
}
