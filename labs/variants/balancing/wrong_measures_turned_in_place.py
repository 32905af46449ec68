"""Turns the measures of errors round in the arrays that were given, once."""

LOSES = {"relative_gain-check": 3}
REPLACE = {
    """\
    for task, alone in single.items():
        better = np.subtract(several[task], alone)
        total = total + np.where(lower_is_better[task], -better, better) / np.abs(alone)""": """\
    for task in list(single):
        if lower_is_better[task]:
            several[task] *= -1
            single[task] *= -1
        total = total + (several[task] - single[task]) / np.abs(single[task])
        lower_is_better[task] = False""",
}
