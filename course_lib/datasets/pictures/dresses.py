"""Clothes with two labels a picture: colour and garment, drawn or from the web.

Seven pairs of colour and garment have pictures. One more pair, or one of the seven, is kept from
training: can a network that has seen blue shirts and red dresses name a blue dress? After
Rosebrock, "Keras: multiple outputs and multiple losses", pyimagesearch.com, 2018.
"""

import zipfile
from dataclasses import dataclass

import numpy as np
from PIL import Image

from course_lib.datasets.files import UNPACKING_ERRORS, DataError
from course_lib.datasets.pictures.labelled import decode_all, warn_of_skipped
from course_lib.datasets.synthetic import clothes

COLOURS = ("black", "blue", "red")
GARMENTS = ("dress", "jeans", "shirt", "shoes")
PAIRS = (
    ("black", "jeans"),
    ("black", "shoes"),
    ("blue", "dress"),
    ("blue", "jeans"),
    ("blue", "shirt"),
    ("red", "dress"),
    ("red", "shirt"),
)
TEST_SHARE = 0.2
SEED = 2018
SIZE = 96
THUMBNAIL = 12
NEAR = 10  # of 255


@dataclass(frozen=True)
class Garments:
    """Pictures with two labels each.

    Attributes:
        x: `(pictures, size, size, 3)` uint8, red, green, blue.
        colour: Number of each garment's colour, `(pictures,)` int32.
        garment: Number of each garment's kind, `(pictures,)` int32.
        colours: Names of the colours.
        garments: Names of the kinds.
    """

    x: np.ndarray
    colour: np.ndarray
    garment: np.ndarray
    colours: tuple[str, ...] = COLOURS
    garments: tuple[str, ...] = GARMENTS

    def __len__(self):
        return len(self.x)


@dataclass(frozen=True)
class DressesData:
    """Clothes to train with, to test with, and those of the pair that is kept from both.

    Attributes:
        train: `Garments`.
        test: `Garments` of the same pairs of colour and garment.
        unseen: `Garments` of one pair of colour and garment, which is in no other part.
        source: `"real"` or `"synthetic"`.
        skipped: Names of files that hold no readable picture.
    """

    train: Garments
    test: Garments
    unseen: Garments
    source: str
    skipped: tuple[str, ...] = ()


def read(paths, size=96, unseen=("blue", "dress"), limit=None):
    """Reads the real data.

    A fifth of each pair's pictures is for testing, the same ones at every size. Pictures that show
    nearly the same lie on one side.

    Args:
        paths: The zip file, with folders `COLOUR_GARMENT`.
        size: Height and width of the pictures as returned, in pixels.
        unseen: Colour and garment of the pair to keep from training, one of `PAIRS`.
        limit: Number of files to read of each pair, the first by name, at least 3; all if None.

    Returns:
        A `DressesData`.

    Raises:
        ValueError: if there are no pictures of the pair to keep.
        DataError: if the file cannot be read or holds another set of pairs.
    """
    unseen = _check(unseen)
    if unseen not in PAIRS:
        known = ", ".join(map(str, PAIRS))
        raise ValueError(f"No real pictures show the pair {unseen}. Keep one of: {known}.")
    (path,) = paths
    x, pair, skipped = [], [], []
    try:
        with zipfile.ZipFile(path) as archive:
            files = {"_".join(pair): [] for pair in PAIRS}
            for name in sorted(archive.namelist()):
                folder, file = name.split("/")[-2:] if "/" in name else ("", name)
                if file and folder in files:
                    files[folder].append(name)
            for number, folder in enumerate(files):
                pictures, unreadable = decode_all(archive.read, files[folder][:limit], SIZE)
                if not pictures:
                    raise DataError(f"{path} holds no readable picture {folder}/*.jpg.")
                x += pictures
                pair += [number] * len(pictures)
                skipped += unreadable
    except UNPACKING_ERRORS as error:
        raise DataError(f"{path} cannot be read as a zip file: {error}") from error
    if skipped:
        warn_of_skipped(path, skipped, stacklevel=4)
    pair = np.array(pair)
    kept = pair == PAIRS.index(unseen)
    test = _choose_test(pair, duplicates(x), np.random.default_rng(SEED))
    x = np.stack([_resize(picture, size) for picture in x])
    parts = (_label(x[rows], pair[rows]) for rows in (~kept & ~test, ~kept & test, kept))
    return DressesData(*parts, source="real", skipped=tuple(skipped))


def _check(unseen):
    """Returns the pair as a tuple; raises ValueError if it is none of a colour and a garment."""
    unseen = tuple(unseen)
    if len(unseen) != 2 or unseen[0] not in COLOURS or unseen[1] not in GARMENTS:
        raise ValueError(
            f"unseen is a colour of {COLOURS} and a garment of {GARMENTS}, such as "
            f"('blue', 'dress'), but got {unseen!r}."
        )
    return unseen


def _label(x, pair, pairs=PAIRS):
    colour = [COLOURS.index(colour) for colour, _ in pairs]
    garment = [GARMENTS.index(garment) for _, garment in pairs]
    return Garments(x, np.array(colour, "int32")[pair], np.array(garment, "int32")[pair])


def duplicates(x):
    """Groups pictures that show nearly the same.

    Two pictures do if they differ by less than 10 of 255, as the root mean square over pixels and
    channels, when shrunk to 12 × 12; and so do two that both resemble a third.

    Args:
        x: `(pictures, height, width, 3)` uint8.

    Returns:
        Number of each picture's group, `(pictures,)`: the number of the group's first picture.
    """
    box = Image.Resampling.BOX
    shrunk = np.stack([_resize(picture, THUMBNAIL, box).ravel() for picture in x]).astype("f4")
    group = np.arange(len(x))
    for row, picture in enumerate(shrunk[:-1]):
        distance = np.sqrt(np.mean((shrunk[row + 1 :] - picture) ** 2, axis=1))
        for near in row + 1 + np.flatnonzero(distance < NEAR):
            first, second = sorted([group[row], group[near]])
            group[group == second] = first
    return group


def _resize(picture, size, resampling=Image.Resampling.BICUBIC):
    return np.asarray(Image.fromarray(picture).resize((size, size), resampling))


def _choose_test(pair, group, rng):
    """Draws whole groups until they hold a fifth of each pair's pictures; returns a mask."""
    test = np.zeros(len(pair), bool)
    for number in np.unique(pair):
        mine = pair == number
        for first in rng.permutation(np.unique(group[mine])):
            if test[mine].sum() + 0.5 >= TEST_SHARE * mine.sum():
                break
            test |= group == first
    return test


def synthesize(seed=0, size=96, unseen=("blue", "dress"), train=600, test=240):
    """Draws clothes of the real pairs, as many of each.

    Args:
        seed: Seed of all draws.
        size: Height and width of the pictures, in pixels.
        unseen: Colour and garment of the pair to keep from training: one of `PAIRS`, or another,
            which then is drawn besides.
        train: Number of pictures to train with.
        test: Number of pictures to test with; half as many are drawn of the unseen pair.

    Returns:
        A `DressesData`.

    Raises:
        ValueError: if the pair to keep is none of a colour and a garment.
    """
    unseen = _check(unseen)
    rng = np.random.default_rng(seed)
    seen = [pair for pair in PAIRS if pair != unseen]

    def draw(pairs, count):
        pair = rng.permutation(np.arange(count) % len(pairs))
        return _label(np.stack([clothes.draw(rng, *pairs[p], size) for p in pair]), pair, pairs)

    parts = draw(seen, train), draw(seen, test), draw([unseen], test // 2)
    return DressesData(*parts, source="synthetic")
