"""Rounds the differences to whole points."""

LOSES = {"bland_altman-check": 2}
REPLACE = {
    "difference = np.asarray(predicted) - np.asarray(actual)":
        "difference = np.round(np.asarray(predicted) - np.asarray(actual))",
}
