"""Rounds all numbers to two decimals."""

LOSES = {"bland_altman-check": 2}
REPLACE = {
    'return {"bias": float(bias), "lower": float(bias - reach), "upper": float(bias + reach)}':
        'return {"bias": round(float(bias), 2), "lower": round(float(bias - reach), 2), "upper": round(float(bias + reach), 2)}',
}
