"""Pictures of boxes in a box-shaped room, by ray casting, with exact labels.

The camera is that of NYU Depth v2: 640 × 480 pixels of a Kinect, here scaled to any size.
Coordinates of the camera are right, up and towards the camera, so what one sees has a negative
third coordinate; coordinates of the room are two along the floor and one up. All are in metres.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import correlate1d

from course_lib.datasets.synthetic.drawing import smooth_noise, to_bytes

FRAME = (480, 640)
FOCAL = (519.47, 518.86)  # of rows and of columns, in pixels
CENTRE = (253.24, 325.08)  # published as 253.74 and 325.58, with the first pixel's centre at 1
PATTERNS = ("plain", "clouds", "grain", "stripes", "checks", "planks", "tiles")
SIDE = 64  # of patterns, in pixels
LAMP = 0.15  # side of a lamp, in metres
THIN = 0.035  # thinner boxes throw no shadows


class Material(NamedTuple):
    """What a surface looks like.

    Attributes:
        colours: `(2, 3)`, red, green and blue from 0 to 1.
        pattern: One of `PATTERNS`, which mixes the colours.
        period: Length after which the pattern repeats, in metres.
        glow: Light of its own, 0 for none.
    """

    colours: np.ndarray
    pattern: str
    period: float
    glow: float = 0.0


class Box(NamedTuple):
    """A box that stands upright.

    Attributes:
        label: Name of its class.
        centre: `(3,)`, in the room.
        half: `(3,)`, half its width, depth and height.
        yaw: Its turn around the vertical, in radians. Boxes turned alike are rendered together.
        material: `Material` of all its sides.
    """

    label: str
    centre: np.ndarray
    half: np.ndarray
    yaw: float
    material: Material


class Shell(NamedTuple):
    """The room itself, seen from inside.

    Attributes:
        size: `(3,)`, its width, depth and height; one corner is at the origin.
        materials: `Material` of walls, floor and ceiling.
    """

    size: np.ndarray
    materials: tuple[Material, Material, Material]


class Scene(NamedTuple):
    """All that makes a picture.

    Attributes:
        place: `(3,)`, where the camera is: inside the room and outside all boxes.
        axes: `(3, 3)`, its directions right, up and towards the camera as rows, in the room.
        shell: A `Shell`.
        boxes: List of `Box`, at least one.
        lights: List of pairs of a place `(3,)` and a colour `(3,)`.
    """

    place: np.ndarray
    axes: np.ndarray
    shell: Shell
    boxes: list[Box]
    lights: list[tuple]


def rays(size):
    """Directions in which a Kinect's pixels look, through their centres.

    Args:
        size: Height and width of the picture, which shows all of the Kinect's field of view.

    Returns:
        `(height, width, 3)` float64: right, up and towards the camera, where the last is -1.
    """
    y, x = (
        ((np.arange(pixels) + 0.5) * full / pixels - centre) / focal
        for pixels, full, centre, focal in zip(size, FRAME, CENTRE, FOCAL)
    )
    return np.stack(np.broadcast_arrays(x, -y[:, None], -1.0), axis=-1)


def back_project(depth):
    """Points that a Kinect sees.

    Args:
        depth: `(..., height, width)`, in metres, along the axis of the camera.

    Returns:
        `(..., height, width, 3)`: right, up and towards the camera, in metres.
    """
    return depth[..., None] * rays(depth.shape[-2:])


def normals_from_depth(depth, reach=8):
    """Surface normals of a depth map.

    On a plane the inverse of depth is linear in the ray's x and y, and its slopes are the normal.
    They are taken from means over squares of pixels, so the result is exact inside flat faces and
    smooth over edges.

    Args:
        depth: `(height, width)`, in metres, NaN where it is missing.
        reach: Half the side of the squares, in pixels.

    Returns:
        `(height, width, 3)` unit vectors, right, up and towards the camera; NaN where depth is
        missing in the square.
    """
    x, y = rays(depth.shape)[..., :2].T
    near = 1 / depth
    for axis in (0, 1):
        near = correlate1d(near, np.full(2 * reach + 1, 1 / (2 * reach + 1)), axis, mode="nearest")
    slope_y, slope_x = np.gradient(near, y[0], x[:, 0])
    normals = np.stack([-slope_x, -slope_y, near - x[:, 0] * slope_x - y[0, :, None] * slope_y], -1)
    return normals / np.linalg.norm(normals, axis=-1, keepdims=True)


def make_patterns(rng):
    """Draws the patterns, `(patterns, SIDE, SIDE)` float32 from 0 to 1, by `PATTERNS`."""
    row, column = np.mgrid[:SIDE, :SIDE]
    clouds, grain = (1 / (1 + np.exp(-2 * smooth_noise(rng, SIDE, cells))) for cells in (6, 32))
    boards = rng.random(8)[row // 8] + 0.3 * np.repeat(rng.random((8, SIDE)), 8, axis=0)
    joints = (row % 16 < 2) | (column % 16 < 2)
    return np.float32(
        [
            0.0 * clouds,
            clouds,
            grain,
            row // 8 % 2,
            (row // 16 + column // 16) % 2,
            boards / 1.3,
            0.8 * joints + 0.2 * clouds,
        ]
    )


def _turn(vectors, yaw):
    """Vectors of the room as a box turned by `yaw` sees them; x, y and z lie on the first axis."""
    x, y, z = vectors
    cosine, sine = np.cos(yaw), np.sin(yaw)
    return np.stack([cosine * x + sine * y, cosine * y - sine * x, z])


def _cross(origins, directions, centre, half, yaw):
    """Meets lines with boxes that are turned alike.

    Args:
        origins: `(3, lines)` or `(3, 1)`.
        directions: `(3, lines)`.
        centre: `(boxes, 3)`.
        half: `(boxes, 3)`.
        yaw: Their turn.

    Returns:
        Where lines pass the nearer and the farther of each pair of parallel sides, as multiples of
        their directions: two arrays `(3, boxes, lines)`.
    """
    turned = _turn(directions, yaw)[:, None]
    inverse = 1 / np.where(turned == 0, np.float32(1e-9), turned)
    middle = inverse * (_turn(centre.T, yaw)[..., None] - _turn(origins, yaw)[:, None])
    reach = np.abs(inverse) * half.T[..., None]
    return middle - reach, middle + reach


def _alike(yaw):
    """Numbers of boxes that are turned alike, and their turn; few at once, to stay in the cache."""
    for turned in np.unique(yaw):
        numbers = np.flatnonzero(yaw == turned)
        for start in range(0, len(numbers), 8):
            yield numbers[start : start + 8], turned


def _nearest(place, directions, shell, centre, half, yaw):
    """What lines `(3, lines)` from one place meet first.

    Returns:
        How far it is, as a multiple of the direction, along which axis of the box its side lies,
        and the number of the box, one past the last for the room itself: each `(lines,)`.
    """
    middle = np.float32(shell.size[None] / 2)
    _, leave = _cross(place, directions, middle, middle, 0)
    distance, axis = leave.min(axis=(0, 1)), leave[:, 0].argmin(axis=0)
    box, lines = np.full(len(axis), len(yaw)), np.arange(len(axis))
    for alike, turned in _alike(yaw):
        nearer, farther = _cross(place, directions, centre[alike], half[alike], turned)
        enter = nearer.max(axis=0)
        enter[(enter > farther.min(axis=0)) | (enter < 0)] = np.inf
        first = enter.argmin(axis=0)
        closer = np.flatnonzero(enter[first, lines] < distance)
        first = first[closer]
        distance[closer], box[closer] = enter[first, closer], alike[first]
        axis[closer] = nearer[:, first, closer].argmax(axis=0)
    return distance, axis, box


def render(rng, scene, classes, patterns, size):
    """Renders one room.

    Each pixel looks through its centre. The nearest side that its ray enters, or else the side of
    the room by which it leaves, gives its class, depth, normal and colour. Light falls on it by the
    cosine of its angle (Lambert, 1760) and falls off with distance; boxes throw shadows, soft
    because each pixel sees another point of the lamp.

    Args:
        rng: A `numpy.random.Generator`, for soft shadows and noise.
        scene: A `Scene`.
        classes: Names of the classes, in the order of their numbers.
        patterns: As from `make_patterns`.
        size: Height and width in pixels.

    Returns:
        The picture `(height, width, 3)` uint8, and what each pixel's centre shows: its class
        `(height, width)` int32, its depth `(height, width)` float32 in metres along the camera's
        axis, and its normal `(height, width, 3)` float32 in coordinates of the camera.
    """
    place, axes, shell, boxes, lights = scene
    labels, centre, half, yaw, materials = zip(*boxes)
    labels = [classes.index(label) for label in (*labels, "wall", "floor", "ceiling")]
    centre, half, yaw = (np.float32(value) for value in (centre, half, yaw))
    eye = np.float32(place[:, None])
    directions = np.float32(axes.T @ rays(size).reshape(-1, 3).T)
    seen = axes[2] @ (centre.T - eye) < np.linalg.norm(half, axis=1)  # not all behind the camera
    depth, axis, box = _nearest(eye, directions, shell, centre[seen], half[seen], yaw[seen])
    inside = box == seen.sum()
    box = np.append(np.flatnonzero(seen), len(boxes))[box]
    points = eye + depth * directions

    angle, corner = np.append(yaw, np.float32(0))[box], np.vstack([centre, 0 * eye.T])[box].T
    corner = corner - _turn(np.vstack([half, 0 * eye.T])[box].T, -angle)
    sides = np.float32(np.eye(3))[:, axis]
    normal = _turn(-sides * np.sign(_turn(directions, angle)), -angle)
    surface = box + inside * np.where(axis < 2, 0, np.where(normal[2] > 0, 1, 2))

    albedo, glow = _paint(
        surface, axis, _turn(points - corner, angle), (*materials, *shell.materials), patterns
    )
    light = glow + _illuminate(rng, points, normal, lights, centre, half, yaw)
    picture = (albedo * light).T
    picture *= rng.uniform(0.6, 1) / picture.mean()
    picture = 1 - np.exp(-picture)  # bright places saturate slowly
    picture += rng.uniform(0.005, 0.02) * rng.standard_normal(picture.shape, "f4")
    return (
        to_bytes(picture).reshape(*size, 3),
        np.array(labels, "int32")[surface].reshape(size),
        depth.reshape(size),
        np.float32(axes @ normal).T.reshape(*size, 3),
    )


def _paint(surface, axis, places, materials, patterns):
    """Colour `(3, points)` and glow `(points,)` of places on the sides of surfaces."""
    colours, pattern, period, glow = zip(*materials)
    colours, period, glow = (np.float32(value)[surface] for value in (colours, period, glow))
    number = np.array([PATTERNS.index(name) for name in pattern])[surface]
    row, column = (
        np.int64(np.floor(SIDE * places[other, np.arange(len(axis))] / period)) % SIDE
        for other in np.array([[2, 2, 1], [1, 0, 0]])[:, axis]
    )
    first, second = np.moveaxis(colours, 0, -1)
    return first + (second - first) * patterns[number, row, column], glow


def _illuminate(rng, points, normal, lights, centre, half, yaw):
    """Light that falls on points, `(3, points)`: from all around and from lamps."""
    total = 0.25 + 0.1 * normal[2]
    throws = half.min(axis=1) > THIN / 2
    centre, half, yaw = centre[throws], half[throws], yaw[throws]
    for place, colour in lights:
        lamp = np.float32(place[:, None] + LAMP * rng.uniform(-0.5, 0.5, points.shape))
        way = lamp - points
        square = np.sum(way**2, axis=0)
        light = np.sum(way * normal, axis=0).clip(0) / np.sqrt(square) / (1 + square / 4)
        for alike, turned in _alike(yaw):
            facing = np.flatnonzero(light)
            nearer, farther = _cross(
                points[:, facing], way[:, facing], centre[alike], half[alike], turned
            )
            enter, leave = nearer.max(axis=0), farther.min(axis=0)
            shadow = np.any((enter < leave) & (leave > 1e-3) & (enter < 1), axis=0)
            light[facing[shadow]] = 0
        total = total + np.float32(colour)[:, None] * light
    return total
