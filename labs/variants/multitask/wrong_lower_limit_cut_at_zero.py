"""Cuts the lower limit off at 0, as scores are not negative; differences are. The statement asks
for bias − 1.96 standard deviations."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    bias, reach = difference.mean(), 1.96 * difference.std(ddof=1)
    lower, upper = max(0.0, bias - reach), bias + reach
    return {"bias": float(bias), "lower": float(lower), "upper": float(upper)}
