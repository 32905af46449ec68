"""Divides by the signed measure where lower is better."""

LOSES = {"relative_gain-check": 3}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    if not several.keys() == single.keys() == lower_is_better.keys():
        raise ValueError("The dictionaries do not name the same tasks.")
    gains = []
    for task, alone in single.items():
        if lower_is_better[task]:
            gains.append(1 - several[task] / alone)
        else:
            gains.append((several[task] - alone) / np.abs(alone))
    return np.mean(gains, axis=0)


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
