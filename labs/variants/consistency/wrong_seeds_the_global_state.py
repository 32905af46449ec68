"""Draws a seed from the generator, and sets the global state of NumPy by it."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "    down, right = rng.integers(2 * reach + 1, size=(2, rows, 1, 1))": """\
    np.random.seed(rng.integers(2**32))
    down, right = np.random.randint(2 * reach + 1, size=(2, rows, 1, 1))""",
}
