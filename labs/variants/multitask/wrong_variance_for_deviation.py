"""Forgets the square root and takes 1.96 variances. The statement asks for 1.96 standard
deviations, and the docstring for limits in the labels' unit."""

LOSES = {"bland_altman-check": 2}
REPLACE = {
    "bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)":
        "bias, reach = difference.mean(), 1.96 * difference.var(ddof=1)",
}
