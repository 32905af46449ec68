"""Rolls each picture, and puts zeros at the top and the bottom alone."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    moved = np.zeros_like(pictures)
    for row, picture in enumerate(pictures):
        down, right = rng.integers(-reach, reach + 1, size=2)
        moved[row] = np.roll(picture, (down, right), axis=(0, 1))
        if down > 0:
            moved[row, :down] = 0
        elif down < 0:
            moved[row, down:] = 0
    return moved
