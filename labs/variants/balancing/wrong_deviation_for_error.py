"""Tells the standard deviation for the standard error."""

LOSES = {"relative_gain-check": 5}
REPLACE = {
    "return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)":
        "return float(np.mean(gains)), float(np.std(gains, ddof=1))",
}
