"""Draws from numpy's global state, so that no run can be repeated."""

LOSES = {"shift_pictures-check": 5}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    rows, height, width, _ = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    down, right = np.random.randint(2 * reach + 1, size=(2, rows, 1, 1))
    lines, columns = down + np.arange(height)[:, None], right + np.arange(width)
    return padded[np.arange(rows)[:, None, None], lines, columns]
