"""Estimates the standard deviation by the range, which fits three rows only."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    bias, reach = difference.mean(), 1.96 * (difference.max() - difference.min()) / 2
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
