"""Takes tasks out of the dictionary of directions while it goes through them."""

LOSES = {"relative_gain-check": 5}
REPLACE = {
    "total = total + np.where(lower_is_better[task], -better, better) / np.abs(alone)":
        "total = total + np.where(lower_is_better.pop(task), -better, better) / np.abs(alone)",
}
