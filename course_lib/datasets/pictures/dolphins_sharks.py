"""Dolphins and sharks: drawn, or in a folder of one's own pictures.

Drawn animals differ as the real ones do. A dolphin's tail fluke lies flat and beats up and down, a
shark's tail stands upright with a longer upper lobe and beats sideways. A dolphin has a beak, a
round melon above it and a dorsal fin that curves backwards; a shark has a pointed snout, gill
slits, a triangular dorsal fin and a small second one. Water, light, colours, size, place and pose
are drawn alike for both.
"""

import colorsys
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from course_lib.datasets.files import DataError
from course_lib.datasets.pictures.labelled import PictureData, Pictures, read_folder
from course_lib.datasets.synthetic.drawing import smooth_noise, to_bytes

CLASSES = ("dolphin", "shark")
SUPERSAMPLING = 3


class Body:
    """Shape of an animal that swims along x, from its tail near -1 to its nose at 1.

    The axis y points up and z to the viewer, who sees the animal from the side.

    Args:
        outline: Rows of x, upper y and lower y, from nose to tail; the body is about round.
        middle_fins: Polygons of (x, y, 0), the dorsal fin first.
        paired_fins: Polygons of (x, y, z), the pectoral fin first, each of which also is at -z.
        lines: Lines on the skin, each as x and angles above the middle, in radians.
        eye: Its x, in a list, and angle.
    """

    def __init__(self, outline, middle_fins, paired_fins, lines, eye):
        x, upper, lower = np.transpose(outline)[:, ::-1]
        along = np.linspace(x[0], x[-1], 30)
        upper, lower = (np.interp(along, x, y) for y in (upper, lower))
        self.axis = np.stack([along, (upper + lower) / 2, 0 * along], axis=1)
        self.radius = (upper - lower) / 2
        self.middle_fins = [np.insert(fin, 2, 0, axis=1) for fin in middle_fins]
        self.paired_fins = [np.array(fin) for fin in paired_fins]
        self.lines = lines
        self.eye = eye


BODIES = {
    "dolphin": Body(
        outline=[(1, -0.02, -0.05), (0.9, 0, -0.065), (0.82, 0.02, -0.075), (0.78, 0.08, -0.085)]
        + [(0.7, 0.14, -0.1), (0.45, 0.2, -0.17), (0.12, 0.22, -0.2), (-0.22, 0.18, -0.155)]
        + [(-0.58, 0.1, -0.07), (-0.85, 0.04, -0.03), (-0.97, 0.02, -0.015)],
        middle_fins=[
            [(0.16, 0.18), (0.06, 0.28), (-0.05, 0.37), (-0.16, 0.425), (-0.26, 0.43)]
            + [(-0.19, 0.38), (-0.155, 0.32), (-0.15, 0.25), (-0.19, 0.15)],
        ],
        paired_fins=[
            [(0.5, -0.1, 0.12), (0.4, -0.17, 0.22), (0.28, -0.23, 0.31), (0.16, -0.27, 0.36)]
            + [(0.2, -0.21, 0.27), (0.28, -0.12, 0.12)],
            # half of the fluke
            [(-0.84, 0, 0), (-0.92, 0, 0.12), (-1.03, 0, 0.27), (-1.15, 0, 0.36), (-1.1, 0, 0.22)]
            + [(-1.04, 0, 0.1), (-0.98, 0, 0)],
        ],
        lines=[(np.linspace(0.98, 0.76, 4), -0.1)],
        eye=([0.7], 0.0),
    ),
    "shark": Body(
        outline=[(1, 0.045, 0.035), (0.9, 0.085, 0), (0.78, 0.12, -0.055), (0.55, 0.16, -0.13)]
        + [(0.25, 0.19, -0.165), (-0.05, 0.18, -0.155), (-0.4, 0.12, -0.1)]
        + [(-0.7, 0.065, -0.055), (-0.86, 0.04, -0.03), (-0.97, 0.02, -0.02)],
        middle_fins=[
            [(0.2, 0.15), (-0.02, 0.47), (-0.08, 0.47), (-0.1, 0.27), (-0.14, 0.13)],
            [(-0.5, 0.08), (-0.6, 0.19), (-0.64, 0.18), (-0.63, 0.06)],
            [(-0.52, -0.06), (-0.63, -0.15), (-0.66, -0.15), (-0.64, -0.04)],
            # the tail
            [(-0.8, 0.04), (-0.98, 0.13), (-1.22, 0.43), (-1.25, 0.42), (-1.1, 0.09)]
            + [(-1.03, 0), (-1.13, -0.23), (-1.1, -0.24), (-0.95, -0.1), (-0.8, -0.04)],
        ],
        paired_fins=[
            [(0.5, -0.08, 0.12), (0.12, -0.24, 0.52), (0.08, -0.24, 0.5), (0.27, -0.11, 0.12)],
            [(-0.24, -0.1, 0.06), (-0.38, -0.18, 0.18), (-0.4, -0.17, 0.16), (-0.36, -0.08, 0.06)],
        ],
        lines=[
            (np.linspace(0.86, 0.72, 3), -0.7),
            *(
                (np.full(4, gill), np.linspace(-0.35, 0.35, 4))
                for gill in np.linspace(0.46, 0.62, 5)
            ),
        ],
        eye=([0.8], 0.25),
    ),
}


def read(paths, folder=None, size=96, limit=None):
    """Reads a folder of one's own pictures; no public data are registered.

    Args:
        paths: Empty.
        folder: The folder, which holds `train/dolphin/*.jpg`, `train/shark/*.jpg` and the same in
            `test/`. Other classes do as well.
        size: Height and width of the pictures, in pixels.
        limit: Number of files to read of each class and part; all if None.

    Returns:
        A `PictureData`.

    Raises:
        DataError: if no folder is named, or it lacks a part or a class.
    """
    if folder is None:
        raise DataError(
            "Real pictures of dolphins and sharks have to be your own: "
            "load('dolphins_sharks', source='real', folder=FOLDER), with pictures in "
            "FOLDER/train/dolphin/*.jpg, FOLDER/train/shark/*.jpg, FOLDER/test/dolphin/*.jpg and "
            "FOLDER/test/shark/*.jpg. Or work with load('dolphins_sharks', source='synthetic')."
        )
    return read_folder(folder, size, limit)


def synthesize(seed=0, size=96, train=300, test=200):
    """Draws dolphins and sharks, as many of one as of the other.

    Args:
        seed: Seed of all draws.
        size: Height and width of the pictures, in pixels.
        train: Number of pictures to train with.
        test: Number of pictures to test with.

    Returns:
        A `PictureData` of the classes `"dolphin"` and `"shark"`.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for pictures in (train, test):
        y = rng.permutation(np.arange(pictures, dtype="int32") % 2)
        parts.append(Pictures(np.stack([_draw(rng, species, size) for species in y]), y, CLASSES))
    return PictureData(*parts, source="synthetic")


def _draw(rng, species, size):
    """Draws one picture, `(size, size, 3)` uint8."""
    side = SUPERSAMPLING * size
    hue = rng.uniform(0.46, 0.62)
    top = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.3, 0.8), rng.uniform(0.6, 1.0)), "f4")
    deep = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.6)), "f4")
    depth = np.linspace(0, 1, size, dtype="f4")[:, None] ** np.float32(rng.uniform(0.6, 1.6))
    clouds = 0.03 * (smooth_noise(rng, size, 4) + smooth_noise(rng, size, 10))
    water = top + (deep - top) * depth[..., None] + clouds[..., None]
    canvas = Image.fromarray(to_bytes(water)).resize((side, side), Image.Resampling.BILINEAR)
    brush = ImageDraw.Draw(canvas, "RGBA")
    _draw_animal(rng, brush, CLASSES[species], side, (top + deep) / 2)
    _draw_foreground(rng, brush, side, deep)
    picture = np.asarray(canvas.reduce(SUPERSAMPLING), "f4") / 255
    ripples = (1 - np.abs(smooth_noise(rng, size, 9)).clip(0, 1)) ** 3  # bright lines of light
    light = 1 + np.float32(rng.uniform(0, 0.45)) * ripples * (1 - depth)
    grain = np.float32(0.02) * rng.standard_normal(picture.shape, "f4")
    return to_bytes(picture * light[..., None] + grain)


def _draw_animal(rng, brush, animal, side, water):
    """Draws one animal in a random pose, its colours mixed with the water's."""
    roll, yaw, pitch = np.radians(rng.normal(0, (30, 20, 15)).clip(-55, 55))
    beat = rng.uniform(-0.15, 0.15)
    scale = side * rng.uniform(0.34, 0.48) * np.array([rng.choice([-1, 1]), -1])
    place = side * rng.uniform(0.4, 0.6, 2)
    stout, fin_size = rng.uniform(0.88, 1.12, 2)

    def view(points, lift=0):
        """Projects points of the animal, raised on the picture by `lift`, to a row of pixels."""
        x, y, z = points.T * [[1], [stout], [stout]]
        bend = beat * np.maximum(0, 0.2 - x) ** 2
        y, z = (y + bend, z) if animal == "dolphin" else (y, z + bend)
        up = y * np.cos(roll) + z * np.sin(roll) + lift
        along = x * np.cos(yaw) + (z * np.cos(roll) - y * np.sin(roll)) * np.sin(yaw)
        u = along * np.cos(pitch) - up * np.sin(pitch)
        v = along * np.sin(pitch) + up * np.cos(pitch)
        return (place + scale * np.stack([u, v], axis=1)).ravel().tolist()

    haze = rng.uniform(0.05, 0.35)
    back = rng.uniform(0.2, 0.45) + rng.normal(0, 0.03, 3)
    belly = back + rng.uniform(0.15, 0.45)

    def colour(upwards, light):
        """Colour of the skin; `upwards` is 1 on the back and -1 on the belly."""
        skin = belly + (back - belly) / (1 + np.exp(-4 * (upwards + 0.2)))
        return tuple(to_bytes(haze * water + (1 - haze) * light * skin))

    def draw_fins(fins, light, side=1):
        for fin in fins:
            points = (fin[0] + fin_size * (fin - fin[0])) * [1, 1, side]
            brush.polygon(view(points), fill=colour(1, light))

    body = BODIES[animal]
    draw_fins(body.paired_fins, 0.8, side=-1)
    draw_fins(body.paired_fins[1:], 0.9)
    draw_fins(body.middle_fins, 0.95)
    extent = stout * body.radius * np.hypot(np.cos(roll), 0.85 * np.sin(roll))
    edges = np.linspace(-1, 1, 11)
    for below, above in pairwise(edges):
        height = (below + above) / 2
        upwards = height * np.cos(roll) - np.sqrt(1 - height**2) * np.sin(roll)
        strip = view(
            np.concatenate([body.axis, body.axis[::-1]]),
            np.concatenate([below * extent, above * extent[::-1]]),
        )
        brush.polygon(strip, fill=colour(upwards, 0.95 + 0.2 * height))

    def skin(x, angle):
        """Pixels of points on the near side, at `angle` above the middle."""
        along, middle, _ = body.axis.T
        points = np.stack([x, np.interp(x, along, middle), np.zeros(len(x))], axis=1)
        return view(points, np.interp(x, along, extent) * np.sin(angle + roll))

    _draw_marks(brush, body, skin, (*to_bytes(haze * water), 200), max(1, round(side / 150)))
    draw_fins(body.paired_fins[:1], 0.85)
    if roll < 0:  # seen from above, the dorsal fin hides part of the back
        draw_fins(body.middle_fins[:1], 0.95)


def _draw_marks(brush, body, skin, dark, width):
    """Draws an animal's lines and its eye; `skin` gives the pixels of points on its side."""
    for x, angle in body.lines:
        brush.line(skin(x, angle), fill=dark, width=width)
    eye = np.array(skin(*body.eye))
    brush.ellipse([*(eye - width), *(eye + width)], fill=dark)


def _draw_foreground(rng, brush, side, deep):
    """Draws bubbles, and weeds that hide part of what is behind them."""
    for _ in range(rng.integers(0, 8)):
        centre, radius = side * rng.uniform(0, 1, 2), side * rng.uniform(0.005, 0.02)
        box = [*(centre - radius), *(centre + radius)]
        brush.ellipse(box, fill=(255, 255, 255, 50), outline=(255, 255, 255, 140))
    for _ in range(rng.integers(0, 3)):
        y = np.linspace(rng.uniform(0, 0.8), 1, 20)
        middle = rng.uniform(0, 1) + 0.03 * np.sin(rng.uniform(4, 12) * y + rng.uniform(0, 6))
        width = rng.uniform(0.01, 0.04) * np.sqrt(y - y[0])
        x = np.concatenate([middle - width, (middle + width)[::-1]])
        weed = side * np.stack([x, np.concatenate([y, y[::-1]])], axis=1)
        brush.polygon(weed.ravel().tolist(), fill=(*to_bytes(deep * [0.7, 0.8, 0.4]), 230))
