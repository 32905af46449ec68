"""Takes the 97.5 % quantile of the normal distribution in place of 1.96."""

LOSES = {"bland_altman-check": 3}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    bias, reach = difference.mean(), 1.959963984540054 * difference.std(ddof=1)
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
