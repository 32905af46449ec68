"""Takes the median of the differences for their bias. The statement says that the bias is their
mean."""

LOSES = {"bland_altman-check": 2}


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted) - np.asarray(actual)
    bias, reach = np.median(difference), 1.96 * difference.std(ddof=1)
    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}
