"""Computes in float32, which rounds float64 and large integers."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    rows, height, width, channels = pictures.shape
    padded = np.zeros((rows, height + 2 * reach, width + 2 * reach, channels), "float32")
    padded[:, reach : reach + height, reach : reach + width] = pictures
    moved = np.zeros(pictures.shape, "float32")
    for row in range(rows):
        top, left = rng.integers(0, 2 * reach + 1, size=2)
        moved[row] = padded[row, top : top + height, left : left + width]
    return moved.astype(pictures.dtype)
