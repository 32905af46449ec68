"""Subtracts the mean of the exponents, not the largest."""

LOSES = {"dynamic_weights-check": 3}
REPLACE = {
    "r = last / earlier": "r = last / earlier / temperature",
    "powers = np.exp((r - max(r)) / temperature)": "powers = np.exp(r - np.mean(r))",
    "return powers * tasks / sum(powers)": "return tasks * powers / np.sum(powers)",
}
