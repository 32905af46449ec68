"""Cuts the reach, so that something is left of every picture. Contradicts "All whole numbers from
-reach to reach can be drawn"."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    rows, height, width, _ = pictures.shape
    reach = min(reach, height - 1, width - 1)
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    down, right = rng.integers(2 * reach + 1, size=(2, rows, 1, 1))
    lines, columns = down + np.arange(height)[:, None], right + np.arange(width)
    return padded[np.arange(rows)[:, None, None], lines, columns]
