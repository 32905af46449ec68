import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.pictures.dolphins_sharks import BODIES


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("dolphins_sharks")


def area(polygon):
    """Area of a flat polygon in space: half the length of the sum of cross products."""
    return np.linalg.norm(np.cross(polygon, np.roll(polygon, -1, axis=0)).sum(axis=0)) / 2


def test_schema(drawn):
    assert drawn.train.x.shape == (300, 96, 96, 3)
    assert drawn.test.x.shape == (200, 96, 96, 3)
    assert drawn.train.x.dtype == np.uint8
    assert drawn.train.classes == ("dolphin", "shark")
    assert np.bincount(drawn.train.y).tolist() == [150, 150]
    assert 0 < np.argmax(drawn.train.y) < 20  # shuffled
    small = datasets.load("dolphins_sharks", size=48, train=6, test=4)
    assert small.train.x.shape == (6, 48, 48, 3)
    assert len(small.test) == 4


def test_tails_differ_as_the_animals_do():
    """A fluke lies flat and both halves are alike; a shark's tail is upright, its lobes unequal."""
    fluke = BODIES["dolphin"].paired_fins[-1]
    assert np.all(fluke[:, 1] == 0)
    assert np.ptp(fluke[:, 2]) > 0.3
    tail = BODIES["shark"].middle_fins[-1]
    assert np.all(tail[:, 2] == 0)
    upper, lower = (tail[side * tail[:, 1] >= 0] for side in (1, -1))
    assert area(upper) > 1.5 * area(lower) > 0


def test_a_dolphins_dorsal_fin_curves_backwards_and_a_sharks_is_a_triangle():
    """How much of the smallest triangle around its base and tip a fin fills from behind."""
    tips = {}
    for animal in BODIES:
        fin = BODIES[animal].middle_fins[0]
        tip = fin[fin[:, 1].argmax()]
        tips[animal] = fin[-1, 0] - tip[0]  # how far the tip lies behind the end of the base
    assert tips["dolphin"] > 0.05 > -0.02 > tips["shark"]


@pytest.mark.parametrize("seed", range(2))
def test_pixels_alone_fail(seed):
    """Pixels are turned into the span of the training pictures: the penalty stays the same."""
    data = datasets.load("dolphins_sharks", seed=seed)
    train, test = (
        part.x.reshape(len(part), -1).astype("float32") / 255 - 0.5
        for part in (data.train, data.test)
    )
    lengths, axes = np.linalg.eigh(train @ train.T)
    turn = train.T @ (axes / np.sqrt(lengths))
    model = LogisticRegression(C=0.01).fit(train @ turn, data.train.y)
    assert model.score(test @ turn, data.test.y) <= 0.62


def test_colours_and_water_do_not_tell(drawn):
    """Classes differ in no channel's mean by more than chance allows."""
    means = drawn.train.x.mean(axis=(1, 2))
    error = means.std(axis=0) * np.sqrt(4 / len(means))
    dolphins, sharks = (means[drawn.train.y == label].mean(axis=0) for label in (0, 1))
    assert np.all(np.abs(dolphins - sharks) < 4 * error)


def test_own_pictures_take_their_place(tmp_path):
    for part in ("train", "test"):
        for label in ("dolphin", "shark"):
            (tmp_path / part / label).mkdir(parents=True)
            Image.new("RGB", (50, 40)).save(tmp_path / part / label / "1.jpg")
    data = datasets.load("dolphins_sharks", source="real", folder=tmp_path, size=24)
    assert data.source == "real"
    assert data.train.x.shape == (2, 24, 24, 3)


def test_without_a_folder_it_is_said_how_one_looks():
    with pytest.raises(DataError, match=r"FOLDER/train/dolphin/\*\.jpg.*source='synthetic'"):
        datasets.load("dolphins_sharks", source="real")
