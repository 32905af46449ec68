"""Takes the batches out of the caller's list, so that nothing is left for the next step."""

LOSES = {"accumulated_gradients-check": 5}
REPLACE = {
    "    for inputs, y in batches:": """\
    while batches:
        inputs, y = batches.pop(0)""",
}
