from dataclasses import is_dataclass

import numpy as np
import pytest

from course_lib import datasets
from course_lib.datasets import files

SMALL = {
    "cifar10": {"limit": 2},
    "dolphins_sharks": {"train": 2, "test": 2, "size": 32},
    "dresses": {"train": 6, "test": 4, "size": 32},
    "hymenoptera": {"limit": 2, "size": 32},
    "rooms": {"train": 3, "test": 2},
    "spoken_digits": {"takes": 6},
}
WEIGHTS = {"squeezenet"}


def values(data):
    """The arrays, words and numbers that a data set is made of."""
    if is_dataclass(data):
        data = tuple(vars(data).values())
    return [value for part in data for value in values(part)] if isinstance(data, tuple) else [data]


def equal(first, second):
    return [
        np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")
        for a, b in zip(values(first), values(second), strict=True)
    ]


def test_every_data_set_with_files_can_be_loaded():
    read = {file for name in datasets.names() for file in datasets.registered(name)}
    held = {file for folder in files.folders() for file in files.files_of(folder)}
    assert {file.split("/")[0] for file in held - read} <= WEIGHTS
    assert read <= held


@pytest.mark.parametrize("name", datasets.names())
def test_synthetic_data_come_from_the_seed(name):
    first, same, other = (
        datasets.load(name, seed=seed, **SMALL.get(name, {})) for seed in (1, 1, 2)
    )
    assert first.source == "synthetic"
    assert all(equal(first, same))
    assert not all(equal(first, other))


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'shool'.*cifar10, computer_survey.*school"):
        datasets.load("shool")


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match=r"'synthetic' or 'real', but got 'fake'"):
        datasets.load("school", source="fake")


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="sise"):
        datasets.load("hymenoptera", sise=64)
