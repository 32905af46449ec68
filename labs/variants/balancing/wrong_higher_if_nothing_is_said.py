"""Takes a measure without a direction for one of which higher is better."""

LOSES = {"relative_gain-check": 3}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    if not several.keys() == single.keys():
        raise ValueError(f"Tasks differ: {[*several]}, {[*single]} and {[*lower_is_better]}.")
    total = 0
    for task, alone in single.items():
        better = np.subtract(several[task], alone)
        total = total + np.where(lower_is_better.get(task, False), -better, better) / np.abs(alone)
    return total / len(single)


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
