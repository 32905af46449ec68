import numpy as np
import pytest
from scipy.io import savemat

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.tables import school


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("school")


def test_schema(drawn):
    assert drawn.x.shape == (15362, 28)
    assert drawn.x.dtype == drawn.y.dtype == np.float32
    assert drawn.y.shape == drawn.task.shape == (15362,)
    assert drawn.tasks == 139
    assert len(drawn.columns) == 28
    assert np.all(np.diff(drawn.task) >= 0)


@pytest.mark.parametrize("seed", range(5))
def test_schools_have_the_sizes_of_the_real_ones(seed):
    sizes = np.bincount(datasets.load("school", seed=seed).task)
    assert (len(sizes), sizes.min(), sizes.max(), sizes.sum()) == (139, 22, 251, 15362)


@pytest.mark.parametrize("seed", range(3))
def test_scores_spread_like_the_real_ones(seed):
    """Real: mean 20.6, standard deviation 12.7, of schools' means 4.6, whole numbers 1 to 70."""
    data = datasets.load("school", seed=seed)
    means = np.bincount(data.task, weights=data.y) / np.bincount(data.task)
    assert data.y.mean() == pytest.approx(20.6, abs=1.5)
    assert data.y.std() == pytest.approx(12.7, abs=0.7)
    assert means.std() == pytest.approx(4.6, abs=1)
    assert set(np.unique(data.y)) <= set(range(1, 71))


def test_indicators_of_a_group_exclude_each_other(drawn):
    for group in {column.group for column in drawn.columns}:
        columns = drawn.select(group=group)
        if len(columns) > 1:
            assert set(np.unique(drawn.x[:, columns])) == {0, 1}
            assert drawn.x[:, columns].sum(axis=1).max() == 1


def test_single_gender_schools_have_one_gender(drawn):
    names = [column.name for column in drawn.columns]
    boy, boys_school = drawn.x[:, names.index("boy")], drawn.x[:, names.index("boys")]
    assert np.all(boy[boys_school == 1] == 1)


def test_splits_hold_every_student_once_and_three_quarters_of_each_school(drawn):
    assert len(drawn.splits) == 10
    sizes = np.bincount(drawn.task)
    for train, test in drawn.splits:
        assert sorted([*train, *test]) == list(range(15362))
        assert np.abs(np.bincount(drawn.task[train]) - 0.75 * sizes).max() <= 0.5


def test_select_finds_columns_by_what_they_say(drawn):
    assert [drawn.columns[i].name for i in drawn.select(group="gender")] == ["girl", "boy"]
    assert drawn.select(level="school") == [3, 4, 21, 22, 23, 24, 25, 26]


def test_reading_loses_no_student(drawn, write_real_files, tmp_path):
    """The last school's rows reach to the end of the file, not to the row before it."""
    read = school.read(write_real_files(tmp_path, drawn))
    assert read.source == "real"
    for name in ("x", "y", "task"):
        assert np.array_equal(getattr(read, name), getattr(drawn, name))
    assert np.array_equal(read.splits[9].test, drawn.splits[9].test)


def test_a_corrupt_file_is_named(drawn, write_real_files, tmp_path):
    paths = write_real_files(tmp_path, drawn)
    paths[-1].write_bytes(paths[-1].read_bytes()[:5000])
    with pytest.raises(DataError, match=r"school_b\.mat cannot be read as a MATLAB file"):
        school.read(paths)


def test_a_file_with_other_contents_is_named(drawn, write_real_files, tmp_path):
    paths = write_real_files(tmp_path, drawn)
    savemat(paths[-1], {"x": np.zeros((3, 4)), "y": np.zeros((4, 1))})
    with pytest.raises(DataError, match=r"'x' of shape \(28, 15362\), but it has shape \(3, 4\)"):
        school.read(paths)
