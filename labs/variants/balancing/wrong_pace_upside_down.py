"""Gives weight to tasks whose loss falls fast."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {"r = last / earlier": "r = earlier / last"}
