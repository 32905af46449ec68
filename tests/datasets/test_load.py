import numpy as np
import pytest

from course_lib import datasets
from course_lib.datasets import files


def test_every_data_set_with_files_can_be_loaded():
    assert set(files.folders()) <= set(datasets.names())


@pytest.mark.parametrize("name", datasets.names())
def test_synthetic_data_come_from_the_seed(name):
    first, same, other = (vars(datasets.load(name, seed=seed)) for seed in (1, 1, 2))
    arrays = [key for key, value in first.items() if isinstance(value, np.ndarray)]
    assert all(np.array_equal(first[key], same[key]) for key in arrays)
    assert any(not np.array_equal(first[key], other[key]) for key in arrays)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'shool'.*computer_survey, school"):
        datasets.load("shool")


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match=r"'synthetic' or 'real', but got 'fake'"):
        datasets.load("school", source="fake")
