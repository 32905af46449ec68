"""MNIST: 70,000 handwritten digits in grey, 28 by 28 pixels.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86, 1998.
"""

import gzip

import numpy as np
from PIL import Image

from course_lib.datasets.files import UNPACKING_ERRORS, DataError
from course_lib.datasets.pictures.labelled import PictureData, Pictures

DIGITS = tuple("0123456789")


def read(paths, limit=None):
    """Reads the real data.

    Args:
        paths: Pictures and labels for testing, then pictures and labels for training, as `.gz`.
        limit: Number of pictures to read of each digit and part, the first; all if None.

    Returns:
        A `PictureData`, with `x` of shape `(pictures, 28, 28)`, white on black.

    Raises:
        DataError: if a file cannot be read.
    """
    test_x, test_y, train_x, train_y = paths
    train = Pictures(_read_array(train_x, 3), _read_array(train_y, 1).astype("int32"), DIGITS)
    test = Pictures(_read_array(test_x, 3), _read_array(test_y, 1).astype("int32"), DIGITS)
    return PictureData(train.first(limit), test.first(limit), source="real")


def _read_array(path, axes):
    """Reads a gzipped array of bytes, which four bytes and the sizes of its axes stand before."""
    try:
        with gzip.open(path) as file:
            content = file.read()
        sizes = np.frombuffer(content, ">i4", axes, offset=4)
        return np.frombuffer(content, "uint8", offset=4 + 4 * axes).reshape(sizes).copy()
    except (ValueError, *UNPACKING_ERRORS) as error:
        raise DataError(f"{path} cannot be read as an array of {axes} axes: {error}") from error


def synthesize(seed=0, limit=None):
    """Makes pictures of the real schema from the digits that scikit-learn brings along.

    Those are handwritten too, 1,797 of 8 by 8 pixels (Alpaydin and Kaynak, 1998). Like MNIST's,
    they fill 20 by 20 pixels in the middle of the picture.

    Args:
        seed: Seed of the split into 1,297 pictures for training and 500 for testing.
        limit: Number of pictures to return of each digit and part; all if None.

    Returns:
        A `PictureData`.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    small = np.uint8(np.round(digits.images * 255 / 16))
    x = np.zeros((len(small), 28, 28), "uint8")
    for picture, digit in zip(x, small):
        picture[4:24, 4:24] = Image.fromarray(digit).resize((20, 20), Image.Resampling.BICUBIC)
    y = digits.target.astype("int32")
    rows = np.random.default_rng(seed).permutation(len(x))
    train, test = (Pictures(x[part], y[part], DIGITS) for part in (rows[500:], rows[:500]))
    return PictureData(train.first(limit), test.first(limit), source="synthetic")
