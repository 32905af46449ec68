"""Draws shifts for a part of the pictures, and repeats them for the others."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    rows, height, width, _ = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    drawn = rng.integers(2 * reach + 1, size=(2, 32, 1, 1))
    down, right = drawn[:, np.arange(rows) % 32]
    lines, columns = down + np.arange(height)[:, None], right + np.arange(width)
    return padded[np.arange(rows)[:, None, None], lines, columns]
