"""Weights sum to 1."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {"return powers * tasks / sum(powers)": "return powers / sum(powers)"}
