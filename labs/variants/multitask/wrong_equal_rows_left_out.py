"""Leaves out rows on which prediction and label agree exactly."""

LOSES = {"bland_altman-check": 2}
REPLACE = {
    "    bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)": """\
    difference = difference[difference != 0]
    bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)""",
}
