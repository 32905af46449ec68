"""Shifts each picture either down or to the right."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    rows, height, width, _ = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    down, right = rng.integers(2 * reach + 1, size=(2, rows, 1, 1))
    vertical = rng.random(size=(rows, 1, 1)) < 0.5
    down, right = np.where(vertical, down, reach), np.where(vertical, reach, right)
    lines, columns = down + np.arange(height)[:, None], right + np.arange(width)
    return padded[np.arange(rows)[:, None, None], lines, columns]
