"""Multiplies by lots and cuts off what is below 0, which only data above 0 survives."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    "        return [": """\
        modalities = [ops.relu(x) for x in modalities]
        return [""",
}
