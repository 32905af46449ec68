"""Rolls each picture: what leaves at one side comes in at the other."""

LOSES = {"shift_pictures-check": 5}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    shifts = rng.integers(-reach, reach + 1, size=(len(pictures), 2))
    return np.stack([np.roll(p, shift, axis=(0, 1)) for p, shift in zip(pictures, shifts)])
