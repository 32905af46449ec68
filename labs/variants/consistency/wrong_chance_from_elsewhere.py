"""Draws from numpy's global state, so that no run can be repeated."""

LOSES = {"shift_pictures-check": 5}
REPLACE = {
    "down, right = rng.integers(2 * reach + 1, size=(2, rows, 1, 1))":
        "down, right = np.random.randint(2 * reach + 1, size=(2, rows, 1, 1))",
}
