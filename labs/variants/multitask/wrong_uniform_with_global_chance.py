"""Draws uniformly with NumPy's global generator. The docstring says that rng is the only source
of chance."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "return rng.integers(len(sizes), size=steps)":
        "return np.random.randint(0, len(sizes), size=steps)",
}
