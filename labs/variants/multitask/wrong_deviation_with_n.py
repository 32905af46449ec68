"""Takes the standard deviation with n in place of n − 1."""

LOSES = {"bland_altman-check": 3}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    bias, reach = difference.mean(), 1.96 * difference.std(ddof=0)
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
