"""Turns the sign of the differences around."""

LOSES = {"bland_altman-check": 3}
REPLACE = {
    "difference = np.asarray(predicted) - np.asarray(actual)":
        "difference = np.asarray(actual) - np.asarray(predicted)",
}
