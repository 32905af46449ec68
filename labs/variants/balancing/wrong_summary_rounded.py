"""Rounds mean and error to three digits."""

LOSES = {"relative_gain-check": 3}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    if not several.keys() == single.keys() == lower_is_better.keys():
        raise ValueError("The dictionaries do not name the same tasks.")
    gains = []
    for task, alone in single.items():
        sign = -1 if lower_is_better[task] else 1
        gains.append(sign * (several[task] - alone) / np.abs(alone))
    return np.mean(gains, axis=0)


def mean_and_error(gains):
    mean = np.mean(gains)
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    return round(float(mean), 3), round(float(error), 3)
