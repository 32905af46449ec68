"""Divides by the mean of the single-task measures over seeds."""

LOSES = {"relative_gain-check": 5}
REPLACE = {
    "total = total + np.where(lower_is_better[task], -better, better) / np.abs(alone)":
        "total = total + np.where(lower_is_better[task], -better, better) / np.abs(np.mean(alone))",
}
