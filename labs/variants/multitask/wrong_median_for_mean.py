"""Takes the median of the differences for their bias. The statement says that the bias is their
mean."""

LOSES = {"bland_altman-check": 2}
REPLACE = {
    "bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)":
        "bias, reach = np.median(difference), 1.96 * difference.std(ddof=1)",
}
