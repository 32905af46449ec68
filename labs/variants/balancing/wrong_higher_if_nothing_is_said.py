"""Takes a measure without a direction for one of which higher is better."""

LOSES = {"relative_gain-check": 3}
REPLACE = {
    "if not several.keys() == single.keys() == lower_is_better.keys():":
        "if not several.keys() == single.keys():",
    "total = total + np.where(lower_is_better[task], -better, better) / np.abs(alone)":
        "total = total + np.where(lower_is_better.get(task, False), -better, better) / np.abs(alone)",
}
