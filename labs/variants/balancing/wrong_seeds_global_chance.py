"""Seeds NumPy's global generator by the given one, and draws from that."""

LOSES = {"sign_dropout-check": 3}
REPLACE = {
    "    return np.where(rng.random(size.shape) < chance, up, down)": """\
    np.random.seed(rng.integers(2**32))
    return np.where(np.random.random(size.shape) < chance, up, down)""",
}
