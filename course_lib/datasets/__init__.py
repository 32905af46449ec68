"""Data sets by name, real or synthetic.

>>> from course_lib import datasets
>>> school = datasets.load("school")
>>> school.x.shape
(15362, 28)
"""

import importlib

from course_lib.datasets.files import DataError, fetch, files_of, folders
from course_lib.datasets.pictures.labelled import read_folder

# Each data set's kind, which is the folder of its module; that is imported when it is asked for.
KINDS = {
    "audiovisual_digits": "sounds",
    "chembl": "chemistry",
    "cifar10": "pictures",
    "computer_survey": "tables",
    "dolphins_sharks": "pictures",
    "dresses": "pictures",
    "hymenoptera": "pictures",
    "mnist": "pictures",
    "reviews": "tables",
    "rooms": "pictures",
    "school": "tables",
    "spoken_digits": "sounds",
    "tox21": "chemistry",
}

__all__ = ["DataError", "load", "names", "read_folder"]


def names():
    """Returns the names that `load` knows, sorted."""
    return sorted(KINDS)


def module_of(name):
    """Returns the module of a data set, which documents it."""
    return importlib.import_module(f"course_lib.datasets.{KINDS[name]}.{name}")


def registered(name):
    """Returns the registered files that a data set is read from, as `"folder/file"`.

    They are the `FILES` that its module names, or all files of the `FOLDERS` that it names, or of
    the folder of its own name.
    """
    module = module_of(name)
    if hasattr(module, "FILES"):
        return list(module.FILES)
    held = getattr(module, "FOLDERS", (name,))
    return [file for folder in held if folder in folders() for file in files_of(folder)]


def load(name, source="synthetic", seed=0, **options):
    """Loads a data set.

    Args:
        name: One of `names()`.
        source: `"synthetic"` draws data of the same schema and similar statistics, offline, from
            `seed`; `"real"` reads the public data, from the folder `COURSE_DATA`, the user's cache,
            or its address.
        seed: Seed of the synthetic data. Real data have no seed.
        options: What the data set's module lets one choose, such as the `size` of pictures.

    Returns:
        The object that the data set's module documents, such as `school.SchoolData`.

    Raises:
        ValueError: for an unknown name or source.
        DataError: if real data cannot be had, are damaged, or cannot be read.
    """
    if name not in KINDS:
        raise ValueError(f"No data set is called {name!r}. There are: {', '.join(names())}.")
    if source == "synthetic":
        return module_of(name).synthesize(seed, **options)
    if source == "real":
        return module_of(name).read([fetch(file) for file in registered(name)], **options)
    raise ValueError(f"source is 'synthetic' or 'real', but got {source!r}.")
