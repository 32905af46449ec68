"""Limits of the mean difference, from the standard error, in place of limits for the differences."""

LOSES = {"bland_altman-check": 3}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    reach = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    return {"bias": difference.mean(), "lower": difference.mean() - reach, "upper": difference.mean() + reach}
