"""Draws shifts for a part of the pictures, and repeats them for the others."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "    down, right = rng.integers(2 * reach + 1, size=(2, rows, 1, 1))": """\
    drawn = rng.integers(2 * reach + 1, size=(2, 32, 1, 1))
    down, right = drawn[:, np.arange(rows) % 32]""",
}
