"""Takes the mean over the tasks that happen to be in common."""

LOSES = {"relative_gain-check": 5}


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    common = several.keys() & single.keys() & lower_is_better.keys()
    single = {task: single[task] for task in common}
    total = 0
    for task, alone in single.items():
        better = np.subtract(several[task], alone)
        total = total + np.where(lower_is_better[task], -better, better) / np.abs(alone)
    return total / len(single)


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
