"""Turns the measures of errors round in the arrays that were given, once."""

LOSES = {"relative_gain-check": 3}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    if not several.keys() == single.keys() == lower_is_better.keys():
        raise ValueError(f"Tasks differ: {[*several]}, {[*single]} and {[*lower_is_better]}.")
    total = 0
    for task in list(single):
        if lower_is_better[task]:
            several[task] *= -1
            single[task] *= -1
        total = total + (several[task] - single[task]) / np.abs(single[task])
        lower_is_better[task] = False
    return total / len(single)


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
