"""Accepts tasks that the common model was not measured on."""

LOSES = {"relative_gain-check": 3}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    gains = []
    for task, measured in several.items():
        if task not in single or task not in lower_is_better:
            raise ValueError(f"There is nothing to compare {task} with.")
        sign = -1 if lower_is_better[task] else 1
        gains.append(sign * (measured - single[task]) / np.abs(single[task]))
    return np.mean(gains, axis=0)


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
