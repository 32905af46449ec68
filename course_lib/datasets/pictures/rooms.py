"""Rooms: pictures with three labels for every pixel: its class, its depth and its surface normal.

The real data are those of NYU Depth v2: Silberman, Hoiem, Kohli and Fergus, "Indoor segmentation
and support inference from RGBD images", ECCV 2012. Synthetic rooms are made of boxes and rendered,
so that their labels are exact.

Classes are the thirteen of Couprie, Farabet, Najman and LeCun, "Indoor semantic segmentation using
depth information", ICLR 2013.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from course_lib.datasets.files import DataError, find
from course_lib.datasets.schema import read_matlab
from course_lib.datasets.synthetic.drawing import smooth_noise
from course_lib.datasets.synthetic.furnishing import furnish
from course_lib.datasets.synthetic.rendering import FRAME, make_patterns, normals_from_depth, render

FOLDERS = ("nyu",)
LABELLED, SPLITS = "nyu_depth_v2_labeled.mat", "splits.mat"
CLASSES = ("bed", "books", "ceiling", "chair", "floor", "furniture", "objects", "picture", "sofa")
CLASSES += ("table", "television", "wall", "window")

# What the forty classes of Gupta, Arbelaez and Malik, CVPR 2013, are of the thirteen, in the order
# of their numbers. Names of the labelled file that are none of these are furniture if their last
# word is in FURNITURE, and objects otherwise.
FORTY = {
    "wall": "wall",
    "floor": "floor",
    "cabinet": "furniture",
    "bed": "bed",
    "chair": "chair",
    "sofa": "sofa",
    "table": "table",
    "door": "wall",
    "window": "window",
    "bookshelf": "furniture",
    "picture": "picture",
    "counter": "furniture",
    "blinds": "window",
    "desk": "table",
    "shelves": "furniture",
    "curtain": "window",
    "dresser": "furniture",
    "pillow": "objects",
    "mirror": "objects",
    "floor mat": "floor",
    "clothes": "objects",
    "ceiling": "ceiling",
    "books": "books",
    "refridgerator": "furniture",
    "television": "television",
    "paper": "objects",
    "towel": "objects",
    "shower curtain": "objects",
    "box": "objects",
    "whiteboard": "objects",
    "person": "objects",
    "night stand": "furniture",
    "toilet": "objects",
    "sink": "objects",
    "lamp": "objects",
    "bathtub": "objects",
    "bag": "objects",
    "otherstructure": "objects",
    "otherfurniture": "furniture",
    "otherprop": "objects",
}
FURNITURE = {"bench", "cabinet", "chair", "desk", "drawer", "drawers", "furniture", "ottoman"}
FURNITURE |= {"rack", "shelf", "stand", "stool", "table"}


@dataclass(frozen=True)
class Rooms:
    """Pictures of rooms, with labels for every pixel, which say what its centre shows.

    Pictures show all that NYU's Kinect sees; `rendering.back_project` turns depth into points.

    Attributes:
        x: `(pictures, height, width, 3)` uint8, red, green, blue.
        segmentation: Number of the class, `(pictures, height, width)` int32; -1 where it is
            missing.
        depth: Distance along the axis of the camera (not along the ray), in metres,
            `(pictures, height, width)` float32; NaN where it is missing.
        normals: Unit vectors that point out of the surface, `(pictures, height, width, 3)` float32:
            right, up and towards the camera; NaN where they are missing.
        classes: Names of the classes.
    """

    x: np.ndarray
    segmentation: np.ndarray
    depth: np.ndarray
    normals: np.ndarray
    classes: tuple[str, ...] = CLASSES

    def __len__(self):
        return len(self.x)


@dataclass(frozen=True)
class RoomsData:
    """Rooms to train with and rooms to test with.

    Attributes:
        train: `Rooms`.
        test: `Rooms` of the same size.
        source: `"real"` or `"synthetic"`.
    """

    train: Rooms
    test: Rooms
    source: str


def labelled_file():
    """Path of NYU's labelled file, which has rooms to train with, or None if it is not here."""
    return find(f"{FOLDERS[0]}/{LABELLED}")


def _join(frames, size):
    """Makes `Rooms` of frames: tuples of a picture and its three labels."""
    shapes = ((*size, 3), "uint8"), (size, "int32"), (size, "float32"), ((*size, 3), "float32")
    arrays = [np.empty((len(frames), *shape), dtype) for shape, dtype in shapes]
    for number, frame in enumerate(frames):
        for array, values in zip(arrays, frame):
            array[number] = values
    return Rooms(*arrays)


def read(paths, size=(48, 64), limit=None):
    """Reads NYU Depth v2.

    The labelled file `nyu_depth_v2_labeled.mat` (2.8 GB) and `splits.mat`, from the data set's own
    page, are read if they lie in the folder `nyu` of `COURSE_DATA` or of the cache: 795 pictures to
    train with and 654 to test with. Its depth has been filled in, its normals are computed from
    depth, and its 894 names of classes are mapped as `FORTY` and `FURNITURE` say.

    Without it there are the two registered frames to test with, and a warning: `train` is empty.
    The second frame has no normals.

    Args:
        paths: The registered files.
        size: Height and width of the pictures as returned, in pixels. They are shrunk, or stretched
            if they are no 3:4; labels are those at the pixels' centres.
        limit: Number of pictures to read of each part, the first by number; all if None.

    Returns:
        A `RoomsData`.

    Raises:
        DataError: if a file cannot be read, or the labelled file comes without its split.
    """
    if labelled := labelled_file():
        return _read_labelled(labelled, size, limit)
    files = {Path(path).name: Path(path) for path in paths}
    warnings.warn(
        f"Of NYU Depth v2 there are only two frames to test with, and none to train with. For all "
        f"of it put {LABELLED} and {SPLITS} into the folder {FOLDERS[0]} of COURSE_DATA.",
        stacklevel=3,
    )
    frames = [
        _read_frame(files, part, number, size)
        for part, number in (("three", "000433"), ("joint", "000464"))
    ]
    return RoomsData(_join([], size), _join(frames[:limit], size), "real")


def _shrink(picture, size):
    return np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.BOX))


def _at_centres(labels, size):
    """Labels `(height, width, ...)` at the centres of fewer pixels."""
    rows, columns = (
        np.int64((np.arange(pixels) + 0.5) * full / pixels) for pixels, full in zip(size, FRAME)
    )
    return labels[rows[:, None], columns]


def _read_frame(files, part, number, size):
    """Reads one frame: a picture and its three labels."""

    def load(kind):
        path = files[f"{part}{kind}_{number}.png"]
        try:
            with Image.open(path) as picture:
                return np.asarray(picture)
        except (OSError, SyntaxError, ValueError) as error:  # what PIL's decoder raises
            raise DataError(f"{path} cannot be read as a PNG: {error}") from error

    numbers = np.array([CLASSES.index(name) for name in FORTY.values()] + [-1])
    segmentation = numbers[np.minimum(load("_segm_gt"), len(FORTY))]  # 255 is missing
    depth = load("_depth_gt") / np.float32(5000)
    normals = np.full((*FRAME, 3), np.nan, "f4")
    if f"{part}_norm_gt_{number}.png" in files:
        right, away, up = np.moveaxis(load("_norm_gt") / np.float32(127.5) - 1, -1, 0)
        normals = np.stack([right, up, -away], axis=-1)
        length = np.linalg.norm(normals, axis=-1, keepdims=True)
        normals = np.where(length > 0.5, normals / length, np.nan)  # missing ones are grey
    labels = segmentation, np.where(depth > 0, depth, np.nan), normals
    return _shrink(load(""), size), *(_at_centres(values, size) for values in labels)


def _number_of(name):
    """Number of the class that a name of the labelled file belongs to."""
    other = "furniture" if name.split()[-1] in FURNITURE else "objects"
    return CLASSES.index(FORTY.get(name, other))


def _read_labelled(path, size, limit):
    """Reads the labelled file, no more of it than is wanted."""
    import h5py

    splits = path.with_name(SPLITS)
    if not splits.is_file():
        raise DataError(
            f"{path} comes without its split: put {SPLITS}, which names the pictures to train with "
            "and to test with, beside it. Both are on the page of NYU Depth v2."
        )
    rows = read_matlab(splits, {"trainNdxs": (None, 1), "testNdxs": (None, 1)})
    try:
        with h5py.File(path) as file:
            names = ["".join(map(chr, np.ravel(file[cell]))) for cell in np.ravel(file["names"])]
            for field, shape in {"images": (3, *FRAME[::-1]), "depths": FRAME[::-1]}.items():
                if file[field].shape[1:] != shape:
                    raise ValueError(f"{field} are {file[field].shape[1:]}, expected was {shape}")
            numbers = np.array([-1] + [_number_of(name) for name in names], "int32")

            def frame(row):
                depth = file["depths"][row].T
                depth = np.where(depth > 0, depth, np.nan)
                labels = numbers[file["labels"][row].T], depth, normals_from_depth(depth)
                picture = _shrink(np.ascontiguousarray(file["images"][row].T), size)
                return picture, *(_at_centres(values, size) for values in labels)

            train, test = (
                _join([frame(int(row) - 1) for row in part.ravel()[:limit]], size)
                for part in rows.values()
            )
    except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
        raise DataError(f"{path} cannot be read as the labelled file of NYU: {error}") from error
    return RoomsData(train, test, "real")


def synthesize(seed=0, size=(48, 64), train=300, test=100, missing=0.0):
    """Renders rooms of boxes, seen by a camera like NYU's.

    Args:
        seed: Seed of all draws.
        size: Height and width of the pictures, in pixels.
        train: Number of pictures to train with, each of another room.
        test: Number of pictures to test with.
        missing: Share of the pixels of each picture that each label lacks, in patches.

    Returns:
        A `RoomsData`.

    Raises:
        ValueError: if `missing` is not from 0 to 1.
    """
    if not 0 <= missing <= 1:
        raise ValueError(f"missing is from 0 to 1, but got {missing}.")
    rng = np.random.default_rng(seed)
    patterns = make_patterns(rng)
    parts = [
        _join([render(rng, furnish(rng), CLASSES, patterns, size) for _ in range(pictures)], size)
        for pictures in (train, test)
    ]
    for rooms in parts if missing else ():
        labels = (rooms.segmentation, -1), (rooms.depth, np.nan), (rooms.normals, np.nan)
        for values, absent in labels:
            for picture in values:
                noise = smooth_noise(rng, max(size), 8)[: size[0], : size[1]]
                picture[noise <= np.quantile(noise, missing)] = absent
    return RoomsData(*parts, source="synthetic")
