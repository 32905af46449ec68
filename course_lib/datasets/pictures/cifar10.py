"""CIFAR-10: 60,000 pictures of 32 by 32 pixels in ten classes.

Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

import numpy as np
from PIL import Image, ImageDraw

from course_lib.datasets.pictures.labelled import PictureData, Pictures, read_zip
from course_lib.datasets.synthetic.drawing import texture, to_bytes


def read(paths, limit=None):
    """Reads the real data.

    Args:
        paths: The file `cifar10_images.zip`, alone in a list.
        limit: Number of pictures to read of each class and part; all, 5000 and 1000, if None.

    Returns:
        A `PictureData`.

    Raises:
        DataError: if the file cannot be read.
    """
    (path,) = paths
    return read_zip(path, 32, limit)


def _polar(radius, corners):
    """Corners around the origin, at the distance `radius(angle)`."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([np.sin(angle), -np.cos(angle)], axis=1) * np.reshape(radius(angle), (-1, 1))


SHAPES = {
    "arrow": [(0, -1), (0.8, 0), (0.3, 0), (0.3, 1), (-0.3, 1), (-0.3, 0), (-0.8, 0)],
    "bolt": [(0.3, -1), (-0.6, 0.15), (-0.05, 0.15), (-0.3, 1), (0.6, -0.2), (0.05, -0.2)],
    "crescent": [(np.cos(a), np.sin(a)) for a in np.linspace(1, 5.3, 20)]
    + [(0.4 + 0.75 * np.cos(a), 0.75 * np.sin(a)) for a in np.linspace(5.2, 1.1, 20)],
    "cross": [(0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3), (0.3, 1)]
    + [(-0.3, 1), (-0.3, 0.3), (-1, 0.3), (-1, -0.3), (-0.3, -0.3), (-0.3, -1)],
    "disc": _polar(np.ones_like, 32),
    "dome": [(np.cos(a), 0.5 - 1.2 * np.sin(a)) for a in np.linspace(0, np.pi, 24)],
    "flower": _polar(lambda angle: 0.7 + 0.3 * np.cos(5 * angle), 60),
    "square": [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
    "star": _polar(lambda angle: 0.7 + 0.3 * np.cos(5 * angle).round(), 10),
    "triangle": _polar(np.ones_like, 3),
}


def synthesize(seed=0, limit=None):
    """Draws pictures of the real schema: ten textured shapes before textured backgrounds.

    Colours, textures, size, place and pose are drawn alike for all shapes.

    Args:
        seed: Seed of all draws.
        limit: Number of pictures to draw of each class and part; 200 and 50 if None.

    Returns:
        A `PictureData` whose classes are the names of the shapes, class by class as in the files.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for pictures in (200, 50):
        y = np.repeat(np.arange(10, dtype="int32"), min(pictures, limit or pictures))
        x = np.stack([_draw(rng, list(SHAPES.values())[shape]) for shape in y])
        parts.append(Pictures(x, y, tuple(SHAPES)))
    return PictureData(*parts, source="synthetic")


def _draw(rng, corners):
    """Draws one picture, `(32, 32, 3)` uint8."""
    turn, (width, height) = rng.normal(0, 0.3), rng.uniform(9, 14, 2)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = rng.uniform(13, 19, 2) + corners * np.array([width, height]) @ turned
    mask = Image.new("L", (128, 128))
    ImageDraw.Draw(mask).polygon((4 * points).ravel().tolist(), fill=255)
    mask = np.asarray(mask.reduce(4), "float32")[..., None] / 255
    middle = rng.uniform(0.3, 0.7, 3)
    apart = rng.choice([-1, 1], 3) * rng.uniform(0.1, 0.3, 3)
    colours = [middle + apart, middle - apart] + rng.normal(0, 0.12, (2, 2, 3))
    shape, background = (texture(rng, 32, pair) for pair in colours.swapaxes(0, 1))
    noise = 0.03 * rng.standard_normal((32, 32, 3), "float32")
    return to_bytes(background + mask * (shape - background) + noise)
