"""Writes into the pictures that it is given."""

LOSES = {"shift_pictures-check": 5}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    height, width = pictures.shape[1:3]
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    for row in range(len(pictures)):
        down, right = rng.integers(2 * reach + 1, size=2)
        pictures[row] = padded[row, down : down + height, right : right + width]
    return pictures
