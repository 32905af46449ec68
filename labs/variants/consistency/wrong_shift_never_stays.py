"""Draws again where a picture would stay where it is."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    rows, height, width, _ = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    moved = np.empty_like(pictures)
    for row in range(rows):
        down, right = rng.integers(-reach, reach + 1, size=2)
        while reach and down == 0 and right == 0:
            down, right = rng.integers(-reach, reach + 1, size=2)
        top, left = reach - down, reach - right
        moved[row] = padded[row, top : top + height, left : left + width]
    return moved
