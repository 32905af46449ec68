"""Draws clothes: garments of three colours, worn or not, before all kinds of backgrounds.

A drawing has layers, which later are mixed: cloth, its dark and bright lines, trimmings, and behind
it the skin and other clothes of whoever wears it. Garments are drawn from about -1 to 1 along both
axes, y down.
"""

import colorsys

import numpy as np
from PIL import Image, ImageDraw

from course_lib.datasets.synthetic.drawing import smooth_noise, texture, to_bytes

SUPERSAMPLING = 2
LAYERS = ("skin", "other", "cloth", "dark", "bright", "trim")


class Sketch:
    """The layers of one drawing, each a mask, with the garment in a random pose.

    Args:
        rng: A `numpy.random.Generator`.
        size: Height and width of the picture, in pixels.
    """

    def __init__(self, rng, size):
        self.side = SUPERSAMPLING * size
        self.layers = {name: Image.new("L", (self.side, self.side)) for name in LAYERS}
        self.brushes = {name: ImageDraw.Draw(layer) for name, layer in self.layers.items()}
        angle = np.radians(rng.normal(0, 7))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        self.turn = rng.uniform(0.3, 0.45) * turn * [rng.choice([-1, 1]), 1]
        self.place = rng.uniform(0.38, 0.62, 2)
        self.bend = rng.uniform(-0.08, 0.08)

    def view(self, points):
        """Turns points of the garment into a row of pixels."""
        points = np.array(points, float)
        points[:, 0] += self.bend * np.sin(2.5 * points[:, 1])
        return (self.side * (self.place + points @ self.turn.T)).ravel().tolist()

    def along(self, size):
        """Returns the garment's x and y at each pixel, `(2, size, size)`."""
        v, u = np.indices((size, size)) / size
        flat = np.stack([u - self.place[0], v - self.place[1]])
        return np.tensordot(np.linalg.inv(self.turn), flat, axes=1)

    def area(self, layer, points, value=255):
        """Fills a polygon; cloth covers the lines and trimmings that were there."""
        points = self.view(points)
        for name in (layer, "dark", "bright", "trim") if layer == "cloth" else (layer,):
            self.brushes[name].polygon(points, fill=value if name == layer else 0)

    def line(self, layer, points, value=255, width=0.03):
        """Draws a line, `width` of the picture wide, within what cloth there is."""
        self.brushes[layer].line(self.view(points), fill=int(value), width=round(width * self.side))

    def part(self, points):
        """Adds a piece of cloth with a dark edge towards what it covers."""
        self.area("cloth", points)
        self.line("dark", [*points, points[0]], 110, 0.02)

    def masks(self):
        """Returns the layers as `(size, size, 1)` float32 from 0 to 1, by name."""
        small = {name: layer.reduce(SUPERSAMPLING) for name, layer in self.layers.items()}
        return {name: np.asarray(layer, "f4")[..., None] / 255 for name, layer in small.items()}


def mirrored(half):
    """Completes an outline from its right half, given from top to bottom."""
    half = np.array(half)
    return np.concatenate([half, half[::-1] * [-1, 1]])


def rounded(points):
    """Cuts the corners of a polygon, twice (Chaikin's algorithm)."""
    points = np.array(points)
    for _ in range(2):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.8 * points + 0.2 * after, 0.2 * points + 0.8 * after], axis=1)
        points = points.reshape(-1, 2)
    return points


def limb(path, width):
    """Outline of something long, such as an arm or a sleeve.

    Args:
        path: Points along its middle.
        width: Half its width, at each point or everywhere.
    """
    path = np.array(path, float)
    along = np.gradient(path, axis=0)
    across = along[:, ::-1] * [-1, 1] / np.linalg.norm(along, axis=1, keepdims=True)
    offset = np.reshape(width, (-1, 1)) * across
    return np.concatenate([path + offset, (path - offset)[::-1]])


def _draw_jeans(rng, sketch):
    spread, knee = rng.uniform(0, 0.18), rng.uniform(0.12, 0.17)
    hem = knee * rng.uniform(0.65, 1.5)
    length = rng.uniform(0.7, 1.05)
    worn = rng.random() < 0.5
    if worn:
        sketch.area("other", mirrored([(0, -1.6), (0.36, -1.5), (0.3, -0.8), (0, -0.75)]))
    for side in (-1, 1):
        hip, middle = (side * 0.19, -0.55), (side * (0.2 + spread / 2), 0.2)
        foot = np.array([side * (0.2 + spread), length])
        if worn:
            sketch.area("skin", limb([foot, foot + [0, 0.15]], 0.06))
            sketch.area(
                "other", foot + rounded([(-0.1, 0.1), (0.1, 0.1), (0.12, 0.2), (-0.1, 0.2)])
            )
        sketch.part(limb([hip, middle, foot], [0.19, knee, hem]))
        creases = np.array([[-0.8, -0.05], [0.7, 0.04]]) * [knee, 1]
        for height in rng.uniform(-0.1, 1, 3):
            middle_of = np.array(
                [np.interp(height, [0, 1], [middle[0], foot[0]]), 0.2 + height / 2]
            )
            sketch.line("dark", creases * [rng.choice([-1, 1]), 1] + middle_of, 120, 0.015)
        sketch.line("bright", [(side * 0.2, -0.4), middle], rng.integers(40, 130), 0.08)
    hips = [(0, -0.93), (0.29, -0.95), (0.3, -0.8), (0.38, -0.45), (0.3, -0.35), (0, -0.22)]
    sketch.area("cloth", mirrored(hips))
    sketch.line("dark", mirrored([(0.02, -0.8), (0.3, -0.8)]), 200, 0.02)
    sketch.line("dark", [(0, -0.8), (0.03, -0.4), (0, -0.2)], 230, 0.02)
    for side in (-1, 1):
        pocket = np.array([(0.12, -0.78), (0.17, -0.65), (0.34, -0.6)]) * [side, 1]
        sketch.line("bright", pocket, 200, 0.015)
        sketch.line("dark", pocket + [0, 0.04], 200, 0.015)
    if rng.random() < 0.3:
        sketch.area("trim", mirrored([(0, -0.93), (0.29, -0.95), (0.3, -0.85), (0, -0.83)]))


def _draw_wearer(rng, sketch, shoulder):
    """Draws head, neck, and arms from the shoulders at height `shoulder`."""
    sketch.area("skin", limb([(0, shoulder - 0.2), (0, shoulder + 0.35)], [0.08, 0.2]))
    circle = np.linspace(0, 2 * np.pi, 16)
    head = np.stack([0.13 * np.cos(circle), 0.17 * np.sin(circle) + shoulder - 0.33], axis=1)
    sketch.area("skin", head)
    sketch.area("other", head[8:])
    for side in (-1, 1):
        elbow = (side * rng.uniform(0.4, 0.6), shoulder + 0.5)
        hand = (side * rng.uniform(0.25, 0.7), shoulder + rng.uniform(0.75, 1.0))
        arm = limb([(side * 0.27, shoulder + 0.06), elbow, hand], [0.08, 0.06, 0.045])
        sketch.area("skin", arm)


def _draw_dress(rng, sketch):
    hem, tight = rng.uniform(0.3, 1.0), rng.random() < 0.35
    wide = rng.uniform(0.24, 0.32) if tight else rng.uniform(0.4, 0.8)
    waist = rng.uniform(0.16, 0.22)
    if rng.random() < 0.6:
        _draw_wearer(rng, sketch, -0.9)
        for side in (-1, 1):
            sketch.area("skin", limb([(side * 0.12, 0), (side * 0.1, 1.25)], [0.11, 0.05]))
            sketch.area("other", limb([(side * 0.1, 1.25), (side * 0.16, 1.32)], 0.06))
    kind = rng.choice(["bare", "straps", "sleeves"])
    if kind == "sleeves":
        end = rng.uniform(0.3, 1)
        for side in (-1, 1):
            path = np.array([(0.24, -0.85), (0.4, -0.5), (0.48, -0.1)])
            path[1:] = path[0] + end * (path[1:] - path[0])
            sketch.part(limb(path * [side, 1], [0.09, 0.08, 0.07]))
    depth = rng.uniform(-0.8, -0.6)
    top = {
        "bare": [(0, -0.58), (0.12, -0.66), (0.23, -0.6)],
        "straps": [(0, depth), (0.13, -0.7), (0.17, -0.93), (0.22, -0.93), (0.23, -0.6)],
        "sleeves": [(0, depth), (0.1, -0.92), (0.3, -0.88), (0.24, -0.6)],
    }[kind]
    skirt = [(waist, -0.22), (0.5 * waist + 0.5 * wide if not tight else 0.3, 0.1), (wide, hem)]
    sketch.part(mirrored([*top, *skirt, (0.5 * wide, hem + 0.05), (0, hem + 0.03)]))
    for place in rng.uniform(-0.95, 0.95, rng.integers(2, 5) if tight else rng.integers(6, 11)):
        start = rng.uniform(-0.22, 0.1)
        at = np.interp(start, [-0.22, hem], [waist, wide])
        fold = [(place * at, start), (place * wide, hem + 0.03)]
        layer = rng.choice(["dark", "bright"])
        sketch.line(layer, fold, rng.integers(90, 230), 0.015 if tight else 0.025)
    sketch.line("dark", [(-waist, -0.22), (waist, -0.22)], 160, 0.02)
    if rng.random() < 0.3:
        belt = mirrored([(0, -0.26), (waist, -0.27), (waist, -0.18), (0, -0.17)])
        sketch.area("trim", belt)


def _draw_shirt(rng, sketch):
    long, wide, hem = rng.random() < 0.4, rng.uniform(0.36, 0.48), rng.uniform(0.5, 0.75)
    if rng.random() < 0.45:
        _draw_wearer(rng, sketch, -0.8)
        hips = [(0, 0.4), (wide - 0.04, 0.4), (wide, 1.6), (0.08, 1.6), (0, 0.9)]
        sketch.area("other", mirrored(hips))
    drop = rng.uniform(0, 0.3)
    for side in (-1, 1):
        shoulder, elbow = (0.34, -0.68), (0.62 - drop / 2, -0.25)
        wrist = (0.72 - drop, 0.4)
        path = [shoulder, elbow, wrist] if long else [shoulder, (0.5, -0.45), elbow]
        sleeve = limb(
            np.array(path) * [side, 1], [0.14, 0.12, 0.08] if long else [0.15, 0.16, 0.16]
        )
        sketch.part(sleeve)
        sketch.line("dark", sleeve[2:4], 220, 0.03)
    neck = rng.uniform(0.1, 0.16)
    body = [(0, -0.72), (neck, -0.86), (0.38, -0.76), (wide, -0.4), (0.95 * wide, 0.1)]
    sketch.part(mirrored([*body, (wide, hem - 0.05), (0, hem)]))
    for _ in range(rng.integers(2, 6)):
        start = np.array([rng.choice([-1, 1]) * wide, rng.uniform(-0.3, 0.5)]) * 0.9
        fold = [start, start * [0.3, 1] + [0, rng.uniform(-0.2, 0.2)]]
        sketch.line(rng.choice(["dark", "bright"]), fold, rng.integers(70, 170), 0.025)
    if rng.random() < 0.55:
        for side in (-1, 1):
            collar = np.array([(0.02, -0.68), (0.14, -0.58), (neck + 0.06, -0.88)]) * [side, 1]
            sketch.part(collar)
            sketch.line("bright", collar[:2], 160, 0.015)
        end = hem if long or rng.random() < 0.5 else -0.3
        sketch.line("dark", [(0.03, -0.68), (0.03, end)], 230, 0.02)
        for height in np.arange(-0.6, end, 0.17):
            sketch.line("trim", [(-0.02, height), (-0.02, height + 0.03)], 230, 0.02)
    else:
        sketch.line("dark", mirrored([(neck, -0.84), (neck - 0.03, -0.74), (0.02, -0.67)]), 220)
        if rng.random() < 0.3:
            print_on = rng.uniform(0.08, 0.2, (7, 1)) * np.stack(
                [np.cos(np.arange(7) * 0.9), np.sin(np.arange(7) * 0.9)], axis=1
            )
            sketch.area("trim", print_on + [0, -0.3], 220)


def _draw_shoes(rng, sketch):
    kind = rng.choice(["low", "boot", "heel"])
    pair, shaft = rng.random() < 0.6, rng.uniform(0.55, 1.0)
    sole = rng.choice(["dark", "trim"])
    stretch, leg = rng.uniform(0.85, 1.15), rng.random() < 0.3
    offset = np.array([rng.uniform(-0.15, 0.25), rng.uniform(-0.3, -0.18)])
    for shift in [offset, -offset] if pair else [np.zeros(2)]:

        def put(points, shift=shift):
            return (stretch * np.array(points) + shift).tolist()

        if leg:
            sketch.area("skin", put(limb([(-0.5, -1.7), (-0.55, -0.1)], [0.22, 0.17])))
        if kind == "heel":
            upper = [
                (-0.86, -0.42),
                (-0.66, -0.2),
                (-0.35, 0.08),
                (0, 0.2),
                (0.3, 0.1),
                (0.55, 0.2),
            ]
            upper += [(0.86, 0.36), (0.9, 0.46), (0.3, 0.47), (-0.1, 0.38), (-0.45, 0.14)]
            upper += [(-0.72, 0.02), (-0.86, -0.1)]
            sketch.part(
                put(limb([(-0.76, -0.1), (-0.74, 0.25), (-0.72, 0.5)], [0.11, 0.05, 0.035]))
            )
            sketch.part(put(rounded(upper)))
            sketch.line("bright", put([(0.1, 0.25), (0.5, 0.28), (0.7, 0.36)]), 170, 0.02)
            if rng.random() < 0.5:
                sketch.line("cloth", put([(-0.75, -0.35), (-0.45, -0.4), (-0.3, 0.05)]), 255, 0.025)
            continue
        top = -shaft if kind == "boot" else -0.3
        upper = [(-0.84, 0.32), (-0.86, 0.0), (-0.78, top), (-0.25, top - 0.03), (-0.2, -0.22)]
        upper += [(0.1, -0.1), (0.4, 0.02), (0.75, 0.08), (0.92, 0.2), (0.92, 0.32)]
        sketch.part(put(rounded(upper)))
        sketch.line("bright", put([(0.25, 0.03), (0.6, 0.1), (0.8, 0.18)]), 170, 0.03)
        sketch.line("dark", put([(-0.8, 0.05), (-0.4, 0.1), (-0.1, 0.3)]), 200, 0.02)
        tongue = np.array([(-0.16, -0.18), (-0.02, -0.11), (0.12, -0.04)])
        for knot in tongue:
            sketch.line("trim", put([knot, knot + [-0.12, 0.12]]), 190, 0.018)
        under = put(rounded([(-0.9, 0.28), (0.95, 0.28), (0.97, 0.4), (-0.9, 0.42)]))
        sketch.area("cloth", under)
        sketch.area(sole, under, 230)
        if kind == "boot" or rng.random() < 0.3:
            sketch.area("cloth", put([(-0.9, 0.38), (-0.5, 0.38), (-0.52, 0.52), (-0.88, 0.52)]))


GARMENT_DRAWERS = {
    "dress": _draw_dress,
    "jeans": _draw_jeans,
    "shirt": _draw_shirt,
    "shoes": _draw_shoes,
}


def _colour(hue, saturation, value):
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value), "f4")


def _draw_cloth(rng, name, x, y):
    """Colours of plain or patterned cloth at places `x`, `y`, `(size, size, 3)` float32."""
    if name == "black":
        base = _colour(rng.random(), rng.uniform(0, 0.25), rng.uniform(0.05, 0.2))
    elif name == "blue":
        base = _colour(rng.uniform(0.54, 0.67), rng.uniform(0.5, 1), rng.uniform(0.4, 0.9))
    else:
        base = _colour(rng.uniform(0.96, 1.02), rng.uniform(0.75, 1), rng.uniform(0.5, 0.95))
    frequency, phase = rng.uniform(18, 35), rng.uniform(0, 6, 2)
    waves = np.sin(frequency * x + phase[0]), np.sin(frequency * y + phase[1])
    part = {
        "plain": 0,
        "stripes": waves[rng.integers(2)] > rng.uniform(0, 0.7),
        "checks": (waves[0] > 0.3) * 0.5 + (waves[1] > 0.3) * 0.5,
        "dots": waves[0] * waves[1] > 0.6,
    }[rng.choice(["plain", "stripes", "checks", "dots"], p=[0.6, 0.2, 0.1, 0.1])]
    second = base + rng.uniform(0.15, 0.6) * (rng.choice([0.85, 0.05]) - base)
    return base + (second - base) * np.float32(part)[..., None] if np.ndim(part) else base


def _draw_background(rng, size):
    """A studio, a wall with things before it, or textures, `(size, size, 3)` float32."""
    kind = rng.choice(["studio", "room", "texture"], p=[0.4, 0.45, 0.15])
    if kind == "texture":
        pair = [_colour(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.1, 1)) for _ in range(2)]
        return texture(rng, size, pair)
    if kind == "studio":
        wall = _colour(rng.random(), rng.uniform(0, 0.1), rng.uniform(0.55, 1))
    else:
        wall = _colour(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.2, 1))
    ramp = np.linspace(-0.5, 0.5, size, dtype="f4")[:, None, None]
    picture = wall * (1 + np.float32(rng.uniform(-0.3, 0.3)) * ramp) + np.zeros((1, size, 1), "f4")
    if kind == "room":
        floor = rng.integers(0.7 * size, 1.1 * size)
        picture[floor:] = _colour(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.2, 0.8))
        for _ in range(rng.integers(0, 4)):  # such as frames, doors, boxes
            top, left = rng.integers(-size // 3, size, 2)
            high, wide = rng.integers(size // 8, size // 2, 2)
            thing = _colour(rng.random(), rng.uniform(0, 1), rng.uniform(0.1, 1))
            picture[max(0, top) : top + high, max(0, left) : left + wide] = thing
    return picture


def draw(rng, colour, garment, size):
    """Draws one picture.

    Args:
        rng: A `numpy.random.Generator`.
        colour: `"black"`, `"blue"` or `"red"`.
        garment: `"dress"`, `"jeans"`, `"shirt"` or `"shoes"`.
        size: Height and width in pixels.

    Returns:
        `(size, size, 3)` uint8.
    """
    sketch = Sketch(rng, size)
    GARMENT_DRAWERS[garment](rng, sketch)
    masks = sketch.masks()
    picture = _draw_background(rng, size)
    shape = masks["cloth"]
    shadow = np.roll(shape, size // 24 * rng.choice([-1, 1], 2), axis=(0, 1))
    picture = picture * (1 - np.float32(rng.uniform(0, 0.35)) * shadow)

    skin = np.float32([0.95, 0.75, 0.62]) * np.float32(rng.uniform(0.35, 1.05))
    other = _colour(rng.uniform(0.1, 0.4), rng.uniform(0, 0.5), rng.uniform(0.4, 1))
    trim = _colour(rng.uniform(0.05, 0.15), rng.uniform(0, 0.5), rng.uniform(0.6, 1))
    cloth = _draw_cloth(rng, colour, *sketch.along(size))
    creases = 1 + 0.09 * (smooth_noise(rng, size, 5) + smooth_noise(rng, size, 9))[..., None]
    cloth = cloth * creases * (1 - 0.6 * masks["dark"]) + 0.2 * masks["bright"] * (0.3 + cloth)
    cloth += (trim - cloth) * masks["trim"]
    for mask, layer in ((masks["skin"], skin), (masks["other"], other), (shape, cloth)):
        picture = picture + (layer - picture) * mask

    u, v = np.meshgrid(*[np.linspace(-0.5, 0.5, size, dtype="f4")] * 2)
    slope = np.float32(rng.normal(0, 0.2, 2))
    tint = np.float32(rng.uniform(0.7, 1.1) * rng.uniform(0.92, 1.08, 3))
    light = tint * (1 + slope[0] * u + slope[1] * v)[..., None]
    grain = np.float32(0.02) * rng.standard_normal(picture.shape, "f4")
    return to_bytes(picture * light + grain)
