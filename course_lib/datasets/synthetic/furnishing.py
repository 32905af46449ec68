"""Draws rooms: their furniture, what hangs on their walls, their light, and where the camera is.

A piece of furniture is a list of parts in coordinates of its own: x along its width, from its
middle; y from its back to its front; z up from the floor. All lengths are in metres.
"""

import colorsys
from itertools import pairwise

import numpy as np

from course_lib.datasets.synthetic.rendering import Box, Material, Scene, Shell

# Hue, saturation and value of colours from 0 to 1, patterns, and their periods in metres.
LOOKS = {
    "paint": ((0, 1), (0, 0.25), (0.65, 0.95), ("plain", "plain", "clouds", "stripes"), (0.5, 3)),
    "white": ((0, 0.2), (0, 0.08), (0.8, 0.97), ("plain", "clouds"), (1, 3)),
    "wood": ((0.04, 0.11), (0.25, 0.7), (0.25, 0.8), ("planks", "clouds", "plain"), (0.5, 1.5)),
    "carpet": ((0, 1), (0.05, 0.45), (0.25, 0.7), ("grain", "clouds", "checks"), (0.5, 2)),
    "tiles": ((0.02, 0.6), (0, 0.3), (0.45, 0.9), ("tiles", "checks"), (1, 2.5)),
    "fabric": ((0, 1), (0.1, 0.75), (0.2, 0.9), ("plain", "clouds", "grain", "checks"), (0.3, 1)),
    "paper": ((0, 1), (0.2, 0.9), (0.2, 0.95), ("stripes",), (0.15, 0.5)),
    "art": ((0, 1), (0.2, 0.9), (0.1, 0.95), ("clouds", "grain", "checks"), (0.3, 1)),
    "dark": ((0, 1), (0, 0.2), (0.03, 0.12), ("plain",), (1, 2)),
    "sky": ((0.5, 0.65), (0, 0.4), (0.85, 1), ("clouds",), (1, 3)),
}


def _pick(rng, *values):
    return values[rng.integers(len(values))]


def _material(rng, look, glow=0.0):
    *bands, patterns, period = LOOKS[look]
    colours = np.array([[rng.uniform(*band) for band in bands]] * 2)
    colours[1] += (0.8 if look in ("art", "paper") else 0.15) * rng.uniform(-1, 1, 3)
    colours = [colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in colours.clip([-1, 0, 0], 1)]
    return Material(np.array(colours), _pick(rng, *patterns), rng.uniform(*period), glow)


def _legs(label, width, depth, height, material, thick=0.06):
    """Four legs below a top that is `height` above the floor."""
    return [
        (label, (x, x + thick), (y, y + thick), (0, height), material)
        for x in (-width / 2, width / 2 - thick)
        for y in (0, depth - thick)
    ]


def _things(rng, middle, depth, height):
    """Books, boxes and lamps that stand on something, around its middle."""
    parts = []
    for x in (middle - 0.25, middle + 0.2)[: rng.integers(0, 3)]:
        y, label = rng.uniform(0.25, 0.6) * depth, _pick(rng, "books", "objects")
        wide, deep = rng.uniform(0.06, 0.18, 2)
        tall = rng.uniform(0.04, 0.16) if label == "books" else rng.uniform(0.12, 0.4)
        look = _material(rng, "paper" if label == "books" else "fabric")
        parts.append(
            (label, (x, x + 2 * wide), (y - deep, y + deep), (height, height + tall), look)
        )
    return parts


def _bed(rng):
    width, length, height = rng.uniform((1.0, 1.95, 0.4), (1.9, 2.15, 0.6))
    side, wood = width / 2, _material(rng, "wood")
    parts = [
        ("bed", (-side, side), (0.05, length), (0, height - 0.22), wood),
        ("bed", (-side, side), (0.05, length), (height - 0.22, height), _material(rng, "white")),
        ("bed", (-side - 0.03, side + 0.03), (0, 0.06), (0, height + rng.uniform(0.2, 0.7)), wood),
        ("bed", (-side - 0.02, side + 0.02), (rng.uniform(0.6, 1.1), length + 0.02))
        + ((height - 0.25, height + 0.03), _material(rng, "fabric")),
    ]
    pillow = _material(rng, _pick(rng, "white", "fabric"))
    middles = (-width / 4, width / 4) if width > 1.3 else (0,)
    return parts + [
        ("objects", (x - 0.3, x + 0.3), (0.12, 0.5), (height, height + 0.13), pillow)
        for x in middles
    ]


def _sofa(rng):
    side, deep, seat, back = rng.uniform((0.7, 0.8, 0.38, 0.75), (1.1, 0.95, 0.45, 0.95))
    look, arm = _material(rng, "fabric"), rng.uniform(0.5, 0.65)
    parts = [
        ("sofa", (-side, side), (0, deep), (0.05, seat), look),
        ("sofa", (-side, side), (0, 0.25), (seat, back), look),
        ("sofa", (-side - 0.18, -side), (0, deep), (0, arm), look),
        ("sofa", (side, side + 0.18), (0, deep), (0, arm), look),
    ]
    pillow = _material(rng, "fabric")
    return parts + [
        ("objects", (x - 0.2, x + 0.2), (0.25, 0.4), (seat, seat + 0.38), pillow)
        for x in (0.3 - side, side - 0.3)[: rng.integers(0, 3)]
    ]


def _chair(rng):
    side, seat, back = rng.uniform((0.2, 0.42, 0.8), (0.27, 0.48, 1.0))
    frame = _material(rng, _pick(rng, "wood", "dark", "white"))
    look = frame if rng.random() < 0.5 else _material(rng, "fabric")
    return [
        ("chair", (-side, side), (0, 2 * side), (seat - 0.06, seat), look),
        ("chair", (-side, side), (0, 0.05), (seat, back), look),
        *_legs("chair", 2 * side, 2 * side, seat - 0.06, frame, 0.05),
    ]


def _table(rng, low=False):
    width, deep, height = rng.uniform((0.9, 0.6, 0.7), (1.7, 0.95, 0.78))
    height = rng.uniform(0.35, 0.45) if low else height
    wood = _material(rng, _pick(rng, "wood", "wood", "white", "dark"))
    return [
        ("table", (-width / 2, width / 2), (0, deep), (height - 0.05, height), wood),
        *_legs("table", width, deep, height - 0.05, wood, rng.uniform(0.05, 0.1)),
        *_things(rng, 0, deep, height),
    ]


def _cabinet(rng):
    side, deep, height = rng.uniform((0.3, 0.4, 0.5), (0.8, 0.6, 2.0))
    wood = _material(rng, _pick(rng, "wood", "wood", "white"))
    parts = [("furniture", (-side, side), (0, deep), (0, height), wood)]
    edges = np.linspace(-side, side, 3)
    parts += [
        ("furniture", (left + 0.03, right - 0.03), (deep, deep + 0.02), (0.08, height - 0.05), wood)
        for left, right in pairwise(edges)
    ]
    if height < 1.2 and rng.random() < 0.8:
        return parts + _television(rng, height)
    return parts + (_things(rng, 0, deep, height) if height < 1.4 else [])


def _television(rng, height):
    side, tall = rng.uniform((0.35, 0.4), (0.6, 0.7))
    glow = _pick(rng, 0.0, 0.0, 0.5)
    screen = _material(rng, "art" if glow else "dark", glow)
    return [("television", (-side, side), (0.15, 0.22), (height + 0.05, height + tall), screen)]


def _bookshelf(rng):
    side, deep, height = rng.uniform((0.35, 0.25, 1.2), (0.7, 0.35, 2.1))
    wood = _material(rng, _pick(rng, "wood", "white"))
    levels = np.linspace(0.05, height, rng.integers(4, 6))
    parts = [("furniture", (-side, side), (0, 0.03), (0, height), wood)]
    parts += [
        ("furniture", (x - 0.02, x + 0.02), (0, deep), (0, height), wood) for x in (-side, side)
    ]
    parts += [("furniture", (-side, side), (0, deep), (z - 0.03, z), wood) for z in levels]
    for below, above in pairwise(levels):
        end = rng.uniform(-0.3, 0.95) * side
        tall = below + rng.uniform(0.6, 0.85) * (above - below)
        look = _material(rng, "paper")
        parts.append(("books", (0.03 - side, end), (0.03, deep - 0.06), (below, tall), look))
    return parts


def _lamp(rng):
    height, wide = rng.uniform((1.2, 0.12), (1.7, 0.22))
    shade = _material(rng, "white", rng.uniform(0, 0.8))
    return [
        ("objects", (-0.02, 0.02), (0.18, 0.22), (0, height), _material(rng, "dark")),
        ("objects", (-wide, wide), (0.2 - wide, 0.2 + wide), (height, height + 0.3), shade),
    ]


def _parcel(rng):
    side, deep, tall = rng.uniform((0.1, 0.2, 0.2), (0.25, 0.45, 0.5))
    look = _material(rng, _pick(rng, "fabric", "wood", "paper"))
    return [("objects", (-side, side), (0, deep), (0, tall), look)]


def _picture(rng):
    side, low, tall = rng.uniform((0.15, 1.2, 0.3), (0.5, 1.5, 0.8))
    frame = _material(rng, _pick(rng, "wood", "dark", "white"))
    return [
        ("picture", (-side, side), (0, 0.02), (low, low + tall), frame),
        ("picture", (0.05 - side, side - 0.05), (0, 0.03), (low + 0.05, low + tall - 0.05))
        + (_material(rng, "art"),),
    ]


def _window(rng):
    side, low, high = rng.uniform((0.4, 0.8, 1.8), (0.9, 1.1, 2.2))
    pane = _material(rng, "sky", rng.uniform(0.6, 1.6))
    frame = _material(rng, "white")
    parts = [("window", (-side, side), (0, 0.02), (low, high), pane)]
    parts += [
        ("window", (x - 0.03, x + 0.03), (0, 0.05), (low, high), frame) for x in (-side, 0, side)
    ]
    parts += [
        ("window", (-side, side), (0, 0.05), (z - 0.03, z + 0.03), frame) for z in (low, high)
    ]
    curtain = _material(rng, "fabric")
    return parts + [
        ("window", (x - 0.15, x + 0.15), (0.02, 0.12), (0.1, high + 0.15), curtain)
        for x in (-side - 0.1, side + 0.1)
        if rng.random() < 0.4
    ]


def _door(rng):
    look = _material(rng, _pick(rng, "wood", "white"))
    frame = _material(rng, "white")
    return [
        ("wall", (-0.5, 0.5), (0, 0.02), (0, 2.1), frame),
        ("wall", (-0.42, 0.42), (0, 0.04), (0, 2.02), look),
    ]


STANDING = (_bed, _sofa, _cabinet, _cabinet, _bookshelf, _table)
STANDING += (_chair, _chair, _lamp, _parcel)
HANGING = (_picture, _picture, _picture, _window, _window, _door)


def _turn(yaw):
    """Matrix that turns rows `(..., 2)` by `yaw`."""
    return np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])


class _Room:
    """A room that is being furnished."""

    def __init__(self, rng):
        self.rng = rng
        self.size = rng.uniform((3.2, 3.2, 2.4), (5.5, 6.0, 3.0))
        self.boxes = []
        self.panes = []  # places before the windows
        self.taken = []  # rectangles of the floor: lowest and highest x and y
        self.covered = [[], [], [], []]  # stretches of each wall that something hides

    def put(self, parts, place, yaw):
        """Adds a piece whose origin is at `place`, `(2,)`, turned by `yaw`."""
        bounds = np.array([part[1:4] for part in parts])
        middle, half = bounds.mean(axis=2), (bounds[..., 1] - bounds[..., 0]) / 2
        middle[:, :2] = middle[:, :2] @ _turn(yaw) + place
        quarters = round(yaw / (np.pi / 2))
        if np.isclose(yaw, quarters * np.pi / 2):  # as wide as it was deep, but not turned
            half, yaw = half[:, [1, 0, 2] if quarters % 2 else [0, 1, 2]], 0.0
        for part, centre, extent in zip(parts, middle, half):
            self.boxes.append(Box(part[0], centre, extent, yaw, part[4]))

    def footprint(self, parts, place, yaw):
        """Rectangle of the floor that a piece covers, `(2, 2)`: lowest, highest."""
        x, y = (np.array([part[axis] for part in parts]) for axis in (1, 2))
        corners = np.array([(a, b) for a in (x.min(), x.max()) for b in (y.min(), y.max())])
        corners = corners @ _turn(yaw) + place
        return np.array([corners.min(axis=0), corners.max(axis=0)])

    def is_free(self, area, margin=0.05):
        low, high = area[0] - margin, area[1] + margin
        return not any(np.all((low < b[1]) & (high > b[0])) for b in self.taken)

    def stand(self, parts, place, yaw):
        """Puts a piece on the floor if there it is free; returns whether it was."""
        area = self.footprint(parts, place, yaw)
        inside = np.all(area[0] > 0) and np.all(area[1] < self.size[:2])
        if inside and self.is_free(area):
            self.taken.append(area)
            self.put(parts, place, yaw)
            return True
        return False

    def at_wall(self, parts, wall, margin):
        """A place at a wall, its turn, and the stretch of the wall that the piece covers."""
        width, depth = self.size[:2]
        long = (width, depth)[wall % 2]
        x = [value for part in parts for value in part[1]]
        low, high = margin - min(x), long - margin - max(x)
        along = self.rng.uniform(low, max(low, high))
        place = ((along, 0), (width, along), (width - along, depth), (0, depth - along))[wall]
        return np.array(place), wall * np.pi / 2, (along + min(x), along + max(x))

    def furnish(self):
        rng = self.rng
        for piece in rng.permutation(STANDING)[: rng.integers(5, 10)]:
            parts = piece(rng)
            for wall in rng.integers(0, 4, 5):
                place, yaw, stretch = self.at_wall(parts, wall, 0.05)
                if self.stand(parts, place + [0, 0.02] @ _turn(yaw), yaw):
                    if max(part[3][1] for part in parts) > 1.1:
                        self.covered[wall].append(stretch)
                    break
        for piece in rng.choice(HANGING, rng.integers(5, 10)):
            parts = piece(rng)
            wall = rng.integers(0, 4)
            place, yaw, (start, end) = self.at_wall(parts, wall, 0.2)
            if all(end + 0.1 < a or start - 0.1 > b for a, b in self.covered[wall]):
                self.covered[wall].append((start, end))
                self.put(parts, place, yaw)
                if piece is _window:
                    self.panes.append(np.append(place + [0, 0.4] @ _turn(yaw), 1.5))
        if rng.random() < 0.7:
            self.set_table()
        if rng.random() < 0.4:
            self.lay_rug()

    def set_table(self):
        """Puts a table with chairs around it, or a low one, into the middle of the room."""
        rng = self.rng
        low = rng.random() < 0.4
        parts, yaw = _table(rng, low), rng.uniform(0, np.pi)
        place = self.size[:2] * rng.uniform(0.3, 0.6, 2)
        if not self.stand(parts, place, yaw):
            return
        self.taken.pop()
        seat, seats = _chair(rng), rng.integers(1, 5)
        (left, right), (back, front) = parts[0][1:3]
        for side in () if low else rng.permutation(4)[:seats]:
            x = (0, right + 0.4, 0, left - 0.4)[side]
            y = (back - 0.4, (back + front) / 2, front + 0.4, (back + front) / 2)[side]
            spin = yaw + side * np.pi / 2 + rng.normal(0, 0.15)
            self.stand(seat, np.array([x, y]) @ _turn(yaw) + place, spin)
        self.taken.append(self.footprint(parts, place, yaw))

    def lay_rug(self):
        half = np.append(self.rng.uniform(0.6, 1.3, 2), 0.006)
        centre = np.append(self.size[:2] * self.rng.uniform(0.35, 0.65, 2), 0.006)
        yaw, look = self.rng.uniform(0, np.pi), _material(self.rng, "fabric")
        self.boxes.append(Box("floor", centre, half, yaw, look))

    def look(self):
        """Place and axes of a camera that stands near a wall and looks across the room."""
        rng, size = self.rng, self.size
        for _ in range(50):
            place = size * [*rng.uniform(0.08, 0.92, 2), 0]
            wall = rng.integers(0, 4)
            place[wall % 2] = (0.3, size[wall % 2] - 0.3)[wall // 2]
            if self.is_free(np.array([place[:2]] * 2), 0.25):
                break
        place[2] = rng.uniform(1.1, 1.7)
        aim = size * [*rng.uniform(0.3, 0.7, 2), 0] + [0, 0, rng.uniform(0.4, 1.4)]
        back = (place - aim) / np.linalg.norm(place - aim)
        right = np.cross([0, 0, 1], back)
        right /= np.linalg.norm(right)
        up = np.cross(back, right)
        roll = rng.normal(0, np.radians(2))
        axes = _turn(roll) @ [right, up]
        return place, np.stack([*axes, back])

    def light(self):
        """A lamp at the ceiling, and daylight of a window."""
        rng = self.rng
        tint = 1 + rng.uniform(0, 0.25) * np.array([1, 0, -1])
        place = self.size * [*rng.uniform(0.25, 0.75, 2), 1] - [0, 0, rng.uniform(0.2, 0.6)]
        lights = [(place, rng.uniform(0.5, 1.8) * tint)]
        for pane in self.panes[:1]:
            lights.append((pane, rng.uniform(0.8, 2) * np.array([0.9, 1, 1.1])))
        return lights


def furnish(rng):
    """Draws a room with furniture, light and a camera.

    Args:
        rng: A `numpy.random.Generator`.

    Returns:
        A `rendering.Scene`.
    """
    room = _Room(rng)
    room.furnish()
    floor = _pick(rng, "wood", "carpet", "carpet", "tiles")
    looks = tuple(_material(rng, look) for look in ("paint", floor, "white"))
    return Scene(*room.look(), Shell(room.size, looks), room.boxes, room.light())
