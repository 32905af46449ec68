"""Compiles only a model that never was: the second time it does not learn what is trainable now."""

LOSES = {"freeze-check": 3}
REPLACE = {
    "    model.compile(optimizer=optimizer, loss=loss)": """\
    if not model.compiled:
        model.compile(optimizer=optimizer, loss=loss)""",
}
