"""What the data sets share: documented columns, splits, and the reading of MATLAB files."""

from typing import NamedTuple

import numpy as np
import scipy.io

from course_lib.datasets.files import DataError


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        name: Short name.
        meaning: What it says, with its unit or its values.
        group: Columns of one group answer one question; of a group's indicators at most one is 1.
        level: What it describes, for example `"student"` or `"school"`.
    """

    name: str
    meaning: str
    group: str
    level: str


class Split(NamedTuple):
    """Row numbers of the training and the test part, each of shape `(rows,)`, without overlap."""

    train: np.ndarray
    test: np.ndarray


def read_matlab(path, shapes):
    """Reads arrays from a MATLAB file.

    Args:
        path: The file.
        shapes: Dictionary from each array's name to its expected shape; None stands for any length.

    Returns:
        Dictionary from name to array.

    Raises:
        DataError: if the file cannot be read, or an array is missing or has another shape.
    """
    try:
        arrays = scipy.io.loadmat(path, variable_names=list(shapes))
    except Exception as error:  # loadmat raises whatever its parser trips over
        raise DataError(f"{path} cannot be read as a MATLAB file: {error}") from error
    for name, expected in shapes.items():
        found = np.shape(arrays.get(name))
        if len(found) != len(expected) or any(e not in (None, f) for f, e in zip(found, expected)):
            raise DataError(
                f"{path} should hold {name!r} of shape {expected}, but it has shape {found}."
            )
    return {name: arrays[name] for name in shapes}
