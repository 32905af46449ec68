import numpy as np
import pytest
from scipy.io import savemat

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.tables import computer_survey


@pytest.mark.parametrize("seed", range(3))
def test_schema(seed):
    data = datasets.load("computer_survey", seed=seed)
    assert data.designs.shape == (20, 14)
    assert data.ratings.shape == (190, 20)
    assert data.people.shape == (190, 7)
    assert data.tasks == 190
    assert len(data.columns) == 14
    assert len(data.person_columns) == 7
    assert np.all(data.designs[:, 0] == 1)
    assert set(np.unique(data.designs[:, 1:])) == {-1, 1}
    assert np.linalg.matrix_rank(data.designs) == 14
    assert set(np.unique(data.ratings)) <= set(range(11))


@pytest.mark.parametrize("seed", range(3))
def test_ratings_spread_like_the_real_ones(seed):
    """Real: mean 4.75, standard deviation 2.81, of people's means 1.48."""
    ratings = datasets.load("computer_survey", seed=seed).ratings
    assert ratings.mean() == pytest.approx(4.75, abs=0.4)
    assert ratings.std() == pytest.approx(2.81, abs=0.35)
    assert ratings.mean(axis=1).std() == pytest.approx(1.48, abs=0.3)


def test_rows_hold_the_same_designs_for_everybody():
    data = datasets.load("computer_survey")
    x, task, y = data.rows([3, 7])
    assert x.shape == (380, 14)
    assert np.array_equal(task[:4], [0, 0, 1, 1])
    assert np.array_equal(x[2:4], data.designs[[3, 7]])
    assert np.array_equal(y[2:4], data.ratings[1, [3, 7]])


def test_reading(tmp_path):
    drawn = datasets.load("computer_survey")
    path = tmp_path / "survey.mat"
    arrays = {"designMarix": drawn.designs, "likeBuy": drawn.ratings, "computerDataZ": drawn.people}
    savemat(path, arrays)
    read = computer_survey.read([path])
    assert read.source == "real"
    assert np.array_equal(read.ratings, drawn.ratings)
    savemat(path, {"designMarix": drawn.designs})
    with pytest.raises(DataError, match=r"'likeBuy' of shape \(190, 20\)"):
        computer_survey.read([path])
