"""Counts tasks, whatever the size of their gradients."""

LOSES = {"sign_dropout-check": 5}
REPLACE = {
    "    chance = np.divide(up, size, out=np.zeros_like(size), where=size > 0)": """\
    votes = np.sum(np.not_equal(gradients, 0), axis=0)
    chance = np.sum(np.greater(gradients, 0), axis=0) / np.maximum(votes, 1)""",
}
