"""Draws one shift for all pictures."""

LOSES = {"shift_pictures-check": 5}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    height, width = pictures.shape[1:3]
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    down, right = rng.integers(2 * reach + 1, size=2)
    return padded[:, down : down + height, right : right + width].copy()
