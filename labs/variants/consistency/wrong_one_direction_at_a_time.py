"""Shifts each picture either down or to the right."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "    lines, columns = down + np.arange(height)[:, None], right + np.arange(width)": """\
    vertical = rng.random(size=(rows, 1, 1)) < 0.5
    down, right = np.where(vertical, down, reach), np.where(vertical, reach, right)
    lines, columns = down + np.arange(height)[:, None], right + np.arange(width)""",
}
