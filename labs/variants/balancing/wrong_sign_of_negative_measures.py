"""Divides by negative measures with their sign."""

LOSES = {"relative_gain-check": 5}
REPLACE = {
    "total = total + np.where(lower_is_better[task], -better, better) / np.abs(alone)":
        "total = total + np.where(lower_is_better[task], -better, better) / alone",
}
