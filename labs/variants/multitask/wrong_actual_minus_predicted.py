"""Turns the sign of the differences around."""

LOSES = {"bland_altman-check": 3}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(actual) - np.asarray(predicted)
    bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
