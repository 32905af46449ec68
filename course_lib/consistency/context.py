"""Context prediction: in which of eight places around a patch does another one lie?

A task that needs no labels. Doersch, Gupta and Efros, "Unsupervised visual representation learning
by context prediction", ICCV 2015. Without a gap and jitter, lines that run across both patches tell
the place; without dropping colour channels, the lens does (chromatic aberration).
"""

import numpy as np

PLACES = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def patches(pictures, size, gap, jitter, rng, drop_colours=True):
    """Cuts two patches out of each picture.

    Args:
        pictures: `(rows, height, width, channels)`.
        size: Height and width of a patch, in pixels.
        gap: Pixels between the two, before jitter.
        jitter: Largest random shift of the second patch, in pixels.
        rng: A `numpy.random.Generator`.
        drop_colours: Whether to keep one channel alone, at random, and noise in the others.

    Returns:
        The patches in the middle and their neighbours, `(rows, size, size, channels)` float32 each,
        and the place of each neighbour, `(rows,)`, an index of `PLACES`.

    Raises:
        ValueError: if the pictures are too small.
    """
    rows, height, width, channels = pictures.shape
    step = size + gap
    needed = 3 * size + 2 * gap + 2 * jitter
    if min(height, width) < needed:
        raise ValueError(
            f"Three patches of {size} pixels with gaps of {gap} and jitter of {jitter} need "
            f"{needed} pixels, but the pictures have {height} by {width}."
        )
    places = rng.integers(len(PLACES), size=rows)
    reach = step + jitter
    middle = np.stack(
        [rng.integers(reach, side - reach - size + 1, size=rows) for side in (height, width)],
        axis=1,
    )
    shift = rng.integers(-jitter, jitter + 1, size=(rows, 2))
    other = middle + step * np.array(PLACES)[places] + shift
    first, second = _cut(pictures, middle, size), _cut(pictures, other, size)
    if drop_colours and channels > 1:
        for part in (first, second):
            kept = rng.integers(channels, size=rows)
            noise = rng.normal(part.mean(), part.std() / 100, size=part.shape)
            dropped = np.arange(channels) != kept[:, None]
            part[:] = np.where(dropped[:, None, None], noise, part)
    return first, second, places


def _cut(pictures, corners, size):
    """Cuts the patch at a corner `(rows, 2)` out of each picture."""
    across = np.arange(size)
    down = (corners[:, :1] + across)[:, :, None]
    right = (corners[:, 1:] + across)[:, None, :]
    return pictures[np.arange(len(pictures))[:, None, None], down, right].astype("float32")
