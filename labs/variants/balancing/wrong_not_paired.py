"""Divides by the mean of the single-task measures over seeds."""

LOSES = {"relative_gain-check": 5}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    if not several.keys() == single.keys() == lower_is_better.keys():
        raise ValueError(f"Tasks differ: {[*several]}, {[*single]} and {[*lower_is_better]}.")
    total = 0
    for task, alone in single.items():
        better = np.subtract(several[task], alone)
        total = total + np.where(lower_is_better[task], -better, better) / np.abs(np.mean(alone))
    return total / len(single)


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
