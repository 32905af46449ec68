"""Freezes the base when it cuts, so that the given model is no longer trained as a whole."""

LOSES = {"split_model-check": 3}
REPLACE = {
    "    return base, head, model": """\
    base.trainable = False
    return base, head, model""",
}
