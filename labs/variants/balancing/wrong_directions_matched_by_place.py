"""Matches directions with tasks by their place in the dictionary."""

LOSES = {"relative_gain-check": 3}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    if not several.keys() == single.keys() == lower_is_better.keys():
        raise ValueError("The dictionaries do not name the same tasks.")
    gains = []
    for (task, measured), lower in zip(several.items(), lower_is_better.values()):
        gain = (measured - single[task]) / np.abs(single[task])
        gains.append(-gain if lower else gain)
    return np.mean(gains, axis=0)


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
