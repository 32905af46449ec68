"""Draws one number for each picture, and shifts down and to the right by it."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    height, width = pictures.shape[1:3]
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    starts = rng.integers(2 * reach + 1, size=len(pictures))
    return np.stack([p[s : s + height, s : s + width] for p, s in zip(padded, starts)])
