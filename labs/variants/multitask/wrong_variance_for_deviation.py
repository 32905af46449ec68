"""Forgets the square root and takes 1.96 variances. The statement asks for 1.96 standard
deviations, and the docstring for limits in the labels' unit."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    bias, reach = difference.mean(), 1.96 * difference.var(ddof=1)
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
