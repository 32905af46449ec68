"""Waits for a third epoch."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {"if len(epochs) < 2:": "if len(epochs) < 3:"}
