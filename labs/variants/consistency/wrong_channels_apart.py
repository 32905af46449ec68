"""Shifts each channel by amounts of its own."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    moved = np.zeros_like(pictures)
    _, height, width, channels = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    for row in range(len(pictures)):
        for channel in range(channels):
            top, left = rng.integers(2 * reach + 1, size=2)
            window = padded[row, top : top + height, left : left + width, channel]
            moved[row, :, :, channel] = window
    return moved
