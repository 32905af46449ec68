"""Adds a small number to the losses, which is not small in every unit."""

LOSES = {"dynamic_weights-check": 3}
REPLACE = {"r = last / earlier": "r = last / (earlier + 1e-5)"}
