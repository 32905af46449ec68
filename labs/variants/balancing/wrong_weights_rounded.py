"""Rounds the weights to four digits."""

LOSES = {"dynamic_weights-check": 3}
REPLACE = {
    "return powers * tasks / sum(powers)": "return np.round(powers * tasks / sum(powers), 4)",
}
