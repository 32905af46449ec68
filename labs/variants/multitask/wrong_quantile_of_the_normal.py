"""Takes the 97.5 % quantile of the normal distribution in place of 1.96."""

LOSES = {"bland_altman-check": 3}
REPLACE = {
    "bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)":
        "bias, reach = difference.mean(), 1.959963984540054 * difference.std(ddof=1)",
}
