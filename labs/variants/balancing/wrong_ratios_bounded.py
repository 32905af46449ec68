"""Bounds exponents instead of taking the largest away."""

LOSES = {"dynamic_weights-check": 3}
REPLACE = {
    "powers = np.exp((r - max(r)) / temperature)":
        "powers = np.exp(np.minimum(r / temperature, 300))",
}
