import gzip

import numpy as np
import pytest

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.pictures import mnist


@pytest.fixture
def paths(tmp_path):
    """Ten pictures for testing and twenty for training, as the real files hold them."""
    rng = np.random.default_rng(0)
    paths = []
    for part, count in (("t10k", 10), ("train", 20)):
        images = rng.integers(0, 256, (count, 28, 28), "uint8")
        labels = np.arange(count, dtype="uint8") % 10
        for array in (images, labels):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            paths.append(tmp_path / f"{part}-{array.ndim}.gz")
            paths[-1].write_bytes(gzip.compress(header + array.tobytes()))
    return paths


def test_schema_and_likeness():
    """Real: 16 % of the pixels are brighter than 64, and four rows at the border almost black."""
    data = datasets.load("mnist")
    assert data.train.x.shape == (1297, 28, 28)
    assert data.test.x.shape == (500, 28, 28)
    assert data.train.x.dtype == np.uint8
    assert data.train.classes == tuple("0123456789")
    assert np.bincount(data.train.y, minlength=10).min() > 100
    assert (data.train.x > 64).mean() == pytest.approx(0.16, abs=0.08)
    assert data.train.x[:, :4].max() == 0


def test_reading(paths):
    data = mnist.read(paths)
    assert data.source == "real"
    assert data.train.x.shape == (20, 28, 28)
    assert data.test.y.tolist() == list(range(10))
    assert len(mnist.read(paths, limit=1).train) == 10


@pytest.mark.parametrize(
    ("number", "content"),
    [(0, b"no gzip"), (2, gzip.compress(bytes(100))[:-9]), (3, gzip.compress(bytes(7)))],
    ids=["no gzip", "cut off", "too short"],
)
def test_a_damaged_file_is_named(paths, number, content):
    paths[number].write_bytes(content)
    with pytest.raises(DataError, match=rf"{paths[number].name} cannot be read as an array of"):
        mnist.read(paths)


def test_real_mnist(real_data):
    data = datasets.load("mnist", source="real")
    assert data.train.x.shape == (60000, 28, 28)
    assert np.bincount(data.test.y).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip
    assert data.train.x.mean() == pytest.approx(33.32, abs=0.01)
