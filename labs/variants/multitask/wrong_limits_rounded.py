"""Rounds all numbers to two decimals."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)
    return {"bias": round(float(bias), 2), "lower": round(float(bias - reach), 2), "upper": round(float(bias + reach), 2)}
