"""Multiplies in long double, which underflows as well, only later (some ten thousand
classifiers). Contradicts "A product of many probabilities is smaller than any floating-point
number"."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    """\
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    product = np.exp(total - total.max(axis=-1, keepdims=True))
    return product / product.sum(axis=-1, keepdims=True)""": """\
    safe = np.maximum(probabilities, floor).astype(np.longdouble)
    product = np.prod(safe, axis=0)
    product = product / product.sum(axis=-1, keepdims=True)
    return product.astype("float64")""",
}
