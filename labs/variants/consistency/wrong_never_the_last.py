"""Leaves the greatest shift out, since `integers` stops before its end."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "down, right = rng.integers(2 * reach + 1, size=(2, rows, 1, 1))":
        "down, right = reach - rng.integers(-reach, max(reach, 1), size=(2, rows, 1, 1))",
}
