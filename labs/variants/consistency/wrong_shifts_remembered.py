"""Remembers the shifts of a generator, whatever has been drawn from it since."""

LOSES = {"shift_pictures-check": 3}


# %% shift_pictures
import functools


@functools.cache
def draw(rows, reach, rng):
    return rng.integers(2 * reach + 1, size=(2, rows, 1, 1))


def shift_pictures(pictures, reach, rng):
    rows, height, width, _ = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    down, right = draw(rows, reach, rng)
    lines, columns = down + np.arange(height)[:, None], right + np.arange(width)
    return padded[np.arange(rows)[:, None, None], lines, columns]
