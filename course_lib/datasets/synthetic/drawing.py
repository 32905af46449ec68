"""What the drawn pictures share: noise that changes smoothly, and textures made of it."""

import numpy as np
from PIL import Image


def smooth_noise(rng, size, cells):
    """Draws noise that changes smoothly.

    Args:
        rng: A `numpy.random.Generator`.
        size: Height and width in pixels.
        cells: How many independent values lie along the height and the width.

    Returns:
        `(size, size)` float32, about standard normal at the cells and smooth between them.
    """
    values = rng.standard_normal((cells, cells), "float32")
    return np.asarray(Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC))


def texture(rng, size, colours):
    """Mixes two colours by smooth noise, coarse or fine.

    Args:
        rng: A `numpy.random.Generator`.
        size: Height and width in pixels.
        colours: `(2, 3)`, red, green and blue from 0 to 1.

    Returns:
        `(size, size, 3)` float32.
    """
    part = 1 / (1 + np.exp(-3 * smooth_noise(rng, size, rng.integers(3, 17))))
    first, second = np.float32(colours)
    return first + (second - first) * part[..., None]


def to_bytes(colours):
    """Turns colours from 0 to 1 into bytes; colours beyond are clipped."""
    return np.uint8(255 * colours.clip(0, 1))
