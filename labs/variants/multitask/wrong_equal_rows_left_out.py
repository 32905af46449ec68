"""Leaves out rows on which prediction and label agree exactly."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    difference = difference[difference != 0]
    bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
