"""Takes absolute differences, so that no bias is ever negative."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.abs(np.asarray(predicted) - np.asarray(actual))
    reach = 1.96 * difference.std(ddof=1)
    return {"bias": difference.mean(), "lower": difference.mean() - reach, "upper": difference.mean() + reach}
