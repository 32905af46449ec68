"""Takes exponentials of large numbers."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {"powers = np.exp((r - max(r)) / temperature)": "powers = np.exp(r / temperature)"}
