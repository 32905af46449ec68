"""Stops at the first layer whose name holds the given one."""

LOSES = {"freeze-check": 3}
REPLACE = {"if layer.name == until:": "if until is not None and until in layer.name:"}
