"""Cuts the lower limit off at 0, as scores are not negative; differences are. The statement asks
for bias − 1.96 standard deviations."""

LOSES = {"bland_altman-check": 2}
REPLACE = {
    '    return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}':
        """\
    lower, upper = max(0.0, bias - reach), bias + reach
    return {"bias": float(bias), "lower": float(lower), "upper": float(upper)}""",
}
