"""Labelled pictures, and their reading from a zip file or a folder.

Pictures lie in `train/CLASS/` and in `test/CLASS/` (or `val/CLASS/`). They come class by class, so
shuffle them before you take some away, as for a validation split.
"""

import io
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from course_lib.datasets.files import UNPACKING_ERRORS, DataError

PARTS = {"train": "train", "test": "test", "val": "test"}


@dataclass(frozen=True)
class Pictures:
    """Pictures of one size, with one class each.

    Attributes:
        x: `(pictures, height, width, 3)` uint8, red, green, blue; pictures in grey have no last
            axis.
        y: Number of each picture's class, `(pictures,)` int32.
        classes: Names of the classes.
    """

    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]

    def __len__(self):
        return len(self.y)

    def first(self, limit):
        """Returns the first pictures of each class, at most `limit` of each; all if it is None."""
        if limit is None:
            return self
        numbers = range(len(self.classes))
        rows = np.sort(np.concatenate([np.flatnonzero(self.y == c)[:limit] for c in numbers]))
        return Pictures(self.x[rows], self.y[rows], self.classes)


@dataclass(frozen=True)
class PictureData:
    """Pictures to train with and pictures to test with.

    Attributes:
        train: `Pictures`.
        test: `Pictures` of the same size and classes.
        source: `"real"` or `"synthetic"`.
        skipped: Names of files that hold no readable picture.
    """

    train: Pictures
    test: Pictures
    source: str
    skipped: tuple[str, ...] = ()


def read_zip(path, size, limit=None):
    """Reads pictures from a zip file.

    Args:
        path: The file; it may hold the folders of the parts below another folder.
        size: Height and width of the pictures as returned, in pixels. A picture of another size is
            cut around its centre to a square, and resized.
        limit: Number of files to read of each class and part, the first by name; all if None.

    Returns:
        A `PictureData`.

    Raises:
        DataError: if the file cannot be read or lacks a part or a class.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive.namelist(), archive.read, size, limit)
    except UNPACKING_ERRORS as error:
        raise DataError(f"{path} cannot be read as a zip file: {error}") from error


def read_folder(folder, size, limit=None):
    """Reads pictures from a folder, such as one of your own pictures.

    Args:
        folder: The folder, which holds `train/CLASS/*.jpg` and `test/CLASS/*.jpg`.
        size: As for `read_zip`.
        limit: As for `read_zip`.

    Returns:
        A `PictureData`.

    Raises:
        DataError: if the folder lacks a part or a class.
    """
    folder = Path(folder)
    names = [p.relative_to(folder).as_posix() for p in folder.glob("*/*/*") if p.is_file()]
    return _read(folder, names, lambda name: (folder / name).read_bytes(), size, limit)


def _read(place, names, content, size, limit):
    """Reads the named files, whose bytes `content(name)` returns."""
    files = {"train": {}, "test": {}}
    for name in sorted(names):
        part, label, file = name.split("/")[-3:] if name.count("/") > 1 else [""] * 3
        if file and part in PARTS:
            files[PARTS[part]].setdefault(label, []).append(name)
    if len(files["train"]) < 2 or files["train"].keys() != files["test"].keys():
        raise DataError(
            f"{place} should hold train/CLASS/*.jpg and test/CLASS/*.jpg for the same two or more "
            f"classes, but holds {sorted(files['train'])} in train and {sorted(files['test'])} in "
            "test."
        )
    classes, skipped = tuple(sorted(files["train"])), []
    parts = {}
    for part in files:
        x, y = [], []
        for number, label in enumerate(classes):
            pictures, unreadable = decode_all(content, files[part][label][:limit], size)
            if not pictures:
                raise DataError(f"{place} holds no readable picture in {part} of class {label!r}.")
            x += pictures
            y += [number] * len(pictures)
            skipped += unreadable
        parts[part] = Pictures(np.stack(x), np.array(y, "int32"), classes)
    if skipped:
        warn_of_skipped(place, skipped, stacklevel=5)
    return PictureData(**parts, source="real", skipped=tuple(skipped))


def decode_all(content, names, size):
    """Decodes files, as far as they hold pictures.

    Args:
        content: Function that returns the bytes of a named file.
        names: Names of the files.
        size: As for `read_zip`.

    Returns:
        The pictures, each `(size, size, 3)` uint8, and the names of the files that hold none.
    """
    pictures, unreadable = [], []
    for name in names:
        try:
            pictures.append(_decode(content(name), size))
        except (OSError, SyntaxError, ValueError):  # what PIL's decoders raise
            unreadable.append(name)
    return pictures, unreadable


def warn_of_skipped(place, names, stacklevel):
    """Warns of files that hold no readable picture; `stacklevel` counts from the caller."""
    message = f"{place}: skipped what is no readable JPEG or PNG: {', '.join(names)}"
    warnings.warn(message, stacklevel=stacklevel + 1)


def _decode(content, size):
    """Decodes a picture to `(size, size, 3)`."""
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
        picture.draft("RGB", (size, size))  # large pictures decode at a half or less
        ImageOps.exif_transpose(picture, in_place=True)
        picture = picture.convert("RGB")
        if picture.size != (size, size):
            picture = ImageOps.fit(picture, (size, size))
        return np.asarray(picture)
