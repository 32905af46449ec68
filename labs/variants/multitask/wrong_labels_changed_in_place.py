"""Subtracts in place, so that the caller's predictions become differences."""

LOSES = {"bland_altman-check": 2}
REPLACE = {
    "    difference = np.asarray(predicted) - np.asarray(actual)": """\
    difference = np.asarray(predicted)
    difference -= np.asarray(actual)""",
}
