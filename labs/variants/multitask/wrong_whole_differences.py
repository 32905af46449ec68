"""Rounds the differences to whole points."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.round(np.asarray(predicted) - np.asarray(actual))
    bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
