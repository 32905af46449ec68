"""Takes the standard deviation with n in place of n − 1."""

LOSES = {"bland_altman-check": 3}
REPLACE = {
    "bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)":
        "bias, reach = difference.mean(), 1.96 * difference.std(ddof=0)",
}
