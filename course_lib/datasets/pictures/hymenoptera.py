"""Ants and bees: 397 photographs, few enough that a network of one's own cannot learn from them.

The data of PyTorch's tutorial on transfer learning, chosen from ImageNet.
"""

import colorsys

import numpy as np
from PIL import Image, ImageDraw

from course_lib.datasets.pictures.labelled import PictureData, Pictures, read_zip
from course_lib.datasets.synthetic.drawing import texture, to_bytes


def read(paths, size=128, limit=None):
    """Reads the real data.

    Args:
        paths: The file `hymenoptera_data.zip`, alone in a list.
        size: Height and width of the pictures, in pixels.
        limit: Number of files to read of each class and part; all if None.

    Returns:
        A `PictureData`; the test pictures are those that the files call `val`.

    Raises:
        DataError: if the file cannot be read.
    """
    (path,) = paths
    return read_zip(path, size, limit)


# Seen from above, with the head along x: ellipses as x, half-length and half-width, and legs and
# antennae as rows of (x, y), each of which also is at -y.
BODIES = (
    [(0.72, 0.2, 0.17), (0.26, 0.3, 0.12), (-0.08, 0.07, 0.05), (-0.55, 0.42, 0.25)],
    [(0.72, 0.2, 0.22), (0.3, 0.32, 0.3), (-0.45, 0.55, 0.33)],
)
LIMBS = (
    [[(0.4, 0.1), (0.55, 0.5), (0.9, 0.75)], [(0.25, 0.1), (0.2, 0.6), (0.25, 0.95)]]
    + [[(0.1, 0.1), (-0.2, 0.5), (-0.6, 0.85)], [(0.85, 0.08), (1, 0.4), (1.3, 0.45)]],
    [[(0.45, 0.2), (0.6, 0.45), (0.75, 0.5)], [(0.3, 0.25), (0.25, 0.55), (0.2, 0.65)]]
    + [[(0.1, 0.25), (-0.2, 0.5), (-0.4, 0.6)], [(0.85, 0.1), (1, 0.15), (1.1, 0.25)]],
)


def synthesize(seed=0, size=128, limit=None):
    """Draws pictures of the real schema: ants and bees on flowers, leaves and earth.

    Bees are striped and have wings, ants have a thin waist and long legs.

    Args:
        seed: Seed of all draws.
        size: Height and width of the pictures, in pixels.
        limit: Number of pictures to draw of each class and part; 122 and 76 if None.

    Returns:
        A `PictureData`, class by class as in the files.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for pictures in (122, 76):
        y = np.repeat(np.arange(2, dtype="int32"), min(pictures, limit or pictures))
        parts.append(Pictures(np.stack([_draw(rng, i, size) for i in y]), y, ("ants", "bees")))
    return PictureData(*parts, source="synthetic")


def _colour(rng, hues, values):
    """Draws a colour, `(3,)` from 0 to 1, by ranges of its hue and its brightness."""
    return colorsys.hsv_to_rgb(rng.uniform(*hues), rng.uniform(0.2, 0.8), rng.uniform(*values))


def _draw(rng, bee, size):
    """Draws one picture, `(size, size, 3)` uint8."""
    ground = texture(rng, size, [_colour(rng, (0.05, 0.4), (0.2, 0.9)) for _ in range(2)])
    canvas = Image.fromarray(to_bytes(ground)).resize((2 * size, 2 * size))
    brush = ImageDraw.Draw(canvas, "RGBA")
    angle, scale = rng.uniform(0, 2 * np.pi), size * rng.uniform(0.35, 0.6)
    place = size * rng.uniform(0.7, 1.3, 2)
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def pixels(points):
        return (place + scale * np.array(points) @ turned).ravel().tolist()

    def ellipse(x, y, length, width, lean=0):
        """Pixels of an ellipse whose long axis leans away from x by an angle."""
        along = np.exp(1j * np.linspace(0, 2 * np.pi, 24))
        along = (length * along.real + 1j * width * along.imag) * np.exp(1j * lean)
        return pixels(np.stack([x + along.real, y + along.imag], axis=1))

    for _ in range(rng.integers(0, 7)):  # petals and leaves
        petal = rng.uniform((-2, -2, 0.3, 0.1, 0), (2, 2, 1, 0.4, np.pi))
        colour = to_bytes(np.array(_colour(rng, (0, 1), (0.3, 1))))
        brush.polygon(ellipse(*petal), fill=tuple(colour))
    dark, light = (_colour(rng, (0, 0.15), values) for values in ((0.05, 0.4), (0.5, 0.95)))
    dark, light = (tuple(to_bytes(np.array(colour))) for colour in (dark, light))
    for limb in LIMBS[bee]:
        for side in (-1, 1):
            line = (limb + rng.normal(0, 0.04, (3, 2))) * [1, side]
            brush.line(pixels(line), fill=dark, width=max(1, round(scale / 18)))
    for x, length, width in BODIES[bee]:
        brush.polygon(ellipse(x, 0, length, width), fill=dark)
    if bee:
        for x in np.linspace(-0.8, -0.1, 4):
            half = 0.32 * np.sqrt(1 - ((x + 0.45) / 0.55) ** 2)
            brush.polygon(ellipse(x, 0, 0.06, half), fill=light)
        for side in (-1, 1):
            lean = side * rng.uniform(2.2, 2.9)
            brush.polygon(ellipse(-0.25, 0.45 * side, 0.6, 0.2, lean), fill=(235, 235, 245, 110))
    picture = np.asarray(canvas.reduce(2), "float32") / 255
    picture *= np.float32(rng.uniform(0.7, 1.15))
    return to_bytes(picture + 0.03 * rng.standard_normal(picture.shape, "float32"))
