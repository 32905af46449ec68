"""Takes the largest sum of the whole array away, so a row with far smaller sums becomes 0/0.
Contradicts "take the largest sum of each row away before you go back"."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    """\
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))""": """\
    logs = np.log(np.maximum(probabilities, floor))
    total = logs.sum(axis=0)
    product = np.exp(total - total.max())""",
}
