"""Data sets by name, real or synthetic.

>>> from course_lib import datasets
>>> school = datasets.load("school")
>>> school.x.shape
(15362, 28)
"""

from course_lib.datasets import computer_survey, school
from course_lib.datasets.files import DataError, fetch, files_of

MODULES = {"computer_survey": computer_survey, "school": school}

__all__ = ["DataError", "load", "names"]


def names():
    """Returns the names that `load` knows, sorted."""
    return sorted(MODULES)


def load(name, source="synthetic", seed=0):
    """Loads a data set.

    Args:
        name: One of `names()`.
        source: `"synthetic"` draws data of the same schema and similar statistics, offline, from
            `seed`; `"real"` reads the public data, from the folder `COURSE_DATA`, the user's cache,
            or its address.
        seed: Seed of the synthetic data. Real data have no seed.

    Returns:
        The object that the data set's module documents, such as `school.SchoolData`.

    Raises:
        ValueError: for an unknown name or source.
        DataError: if real data cannot be had, are damaged, or cannot be read.
    """
    if name not in MODULES:
        raise ValueError(f"No data set is called {name!r}. There are: {', '.join(names())}.")
    if source == "synthetic":
        return MODULES[name].synthesize(seed)
    if source == "real":
        return MODULES[name].read([fetch(file) for file in files_of(name)])
    raise ValueError(f"source is 'synthetic' or 'real', but got {source!r}.")
