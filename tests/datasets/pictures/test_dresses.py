import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.pictures import dresses
from course_lib.datasets.pictures.dresses import COLOURS, GARMENTS, PAIRS
from course_lib.datasets.synthetic import clothes


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("dresses", size=32, train=360, test=120)


def pairs_of(part):
    """The pairs of colour and garment that a part shows."""
    labels = zip(part.colour, part.garment, strict=True)
    return {(part.colours[colour], part.garments[garment]) for colour, garment in labels}


def jpeg(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "jpeg", quality=95)
    return file.getvalue()


@pytest.fixture
def write(tmp_path):
    """Function that writes a zip file of ten pictures a pair, each like no other, and more."""

    def write(pairs=PAIRS, **more):
        rng = np.random.default_rng(0)
        path = tmp_path / "dresses_96px.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for colour, garment in pairs:
                for number in range(10):
                    tiles = rng.integers(0, 256, (6, 6, 3), "uint8")
                    content = jpeg(tiles.repeat(4, axis=0).repeat(4, axis=1))
                    archive.writestr(f"clothes/{colour}_{garment}/{number}.jpg", content)
            for name, content in more.items():
                archive.writestr(f"clothes/red_shirt/{name}.jpg", content)
        return path

    return write


def test_schema(drawn):
    assert drawn.train.x.shape == (360, 32, 32, 3)
    assert drawn.train.x.dtype == np.uint8
    assert drawn.train.colour.dtype == drawn.train.garment.dtype == np.int32
    assert (len(drawn.train), len(drawn.test), len(drawn.unseen)) == (360, 120, 60)
    assert np.bincount(drawn.train.colour).tolist() == [120, 120, 120]
    assert np.bincount(drawn.train.garment).tolist() == [60, 120, 120, 60]
    assert len(set(drawn.train.garment[:20])) > 2  # shuffled


@pytest.mark.parametrize("unseen", [("blue", "dress"), ("black", "jeans"), ("black", "dress")])
def test_the_unseen_pair_is_in_no_other_part(unseen):
    data = datasets.load("dresses", size=24, unseen=unseen, train=14, test=14)
    assert pairs_of(data.unseen) == {unseen}
    assert pairs_of(data.train) == pairs_of(data.test) == set(PAIRS) - {unseen}


def test_any_colour_and_garment_can_be_drawn():
    for colour in COLOURS:
        for garment in GARMENTS:
            data = dresses.synthesize(size=24, unseen=(colour, garment), train=1, test=2)
            assert pairs_of(data.unseen) == {(colour, garment)}


@pytest.mark.parametrize("unseen", [("green", "dress"), ("dress", "blue"), "blue", ("blue",)])
@pytest.mark.parametrize(
    "call", [dresses.synthesize, lambda unseen: dresses.read([], unseen=unseen)]
)
def test_what_is_no_pair_is_refused(call, unseen):
    with pytest.raises(ValueError, match=r"a colour of \('black', 'blue', 'red'\).*'shoes'\)"):
        call(unseen=unseen)


def test_pixels_alone_tell_garments_badly_and_the_mean_colour_does_not_tell_the_colour(drawn):
    """Pixels are turned into the span of the training pictures: the penalty stays the same."""
    pixels, means = (
        [reduce(part.x.astype("float32") / 255) for part in (drawn.train, drawn.test)]
        for reduce in (lambda x: x.reshape(len(x), -1) - 0.5, lambda x: x.mean(axis=(1, 2)))
    )
    lengths, axes = np.linalg.eigh(pixels[0] @ pixels[0].T)
    turn = pixels[0].T @ (axes / np.sqrt(lengths))
    of_pixels = LogisticRegression(C=0.01).fit(pixels[0] @ turn, drawn.train.garment)
    assert 0.4 < of_pixels.score(pixels[1] @ turn, drawn.test.garment) < 0.9
    of_means = LogisticRegression(C=100).fit(means[0], drawn.train.colour)
    assert 0.4 < of_means.score(means[1], drawn.test.colour) < 0.8


def test_a_straight_limb_is_a_rectangle():
    corners = {(0, -0.5), (2, -0.5), (2, 0.5), (0, 0.5)}
    assert set(map(tuple, clothes.limb([(0, 0), (2, 0)], 0.5))) == corners


def test_a_mirrored_outline_is_its_own_mirror_image():
    outline = clothes.mirrored([(0, -1), (0.5, 0), (0, 1)])
    assert set(map(tuple, outline)) == set(map(tuple, outline * [-1, 1]))


def test_a_rounded_polygon_keeps_its_middle_and_loses_its_corners():
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    round_square = clothes.rounded(square)
    np.testing.assert_allclose(round_square.mean(axis=0), 0, atol=1e-12)
    assert np.abs(round_square).max() <= 1
    assert np.linalg.norm(round_square, axis=1).max() < np.sqrt(2) - 0.1


def test_the_garments_coordinates_are_where_its_points_are_drawn():
    sketch = clothes.Sketch(np.random.default_rng(0), 50)
    sketch.bend = 0
    x, y = sketch.along(50)
    point = np.array([[x[20, 30], y[20, 30]]])
    np.testing.assert_allclose(sketch.view(point), [60, 40], atol=1e-9)


def test_duplicates_are_grouped_through_a_third_and_strangers_are_not():
    rng = np.random.default_rng(0)
    first = rng.integers(60, 190, (24, 24, 3), "uint8")
    stranger = np.flip(rng.integers(0, 256, (12, 12, 3), "uint8")).repeat(2, 0).repeat(2, 1)
    x = np.stack(
        [stranger, first, first + np.uint8(8), stranger[::-1], first + np.uint8(16), first]
    )
    assert dresses.duplicates(x).tolist() == [0, 1, 1, 3, 1, 1]


def test_a_fifth_of_each_pair_is_tested_and_no_group_is_torn():
    rng = np.random.default_rng(0)
    pair = np.repeat([0, 1], [100, 40])
    group = np.arange(140)
    group[1:100:4] -= 1
    test = dresses._choose_test(pair, group, rng)
    for number, count in enumerate((20, 8)):
        assert abs(test[pair == number].sum() - count) <= 1
    assert all(len(set(test[group == number])) == 1 for number in np.unique(group))


def test_real_files_are_read(write):
    path = write()
    data = dresses.read([path], size=24)
    assert data.source == "real"
    assert data.train.x.shape == (48, 24, 24, 3)
    assert len(data.test) == 12
    assert pairs_of(data.train) == pairs_of(data.test) == set(PAIRS) - {("blue", "dress")}
    assert pairs_of(data.unseen) == {("blue", "dress")}
    assert len(data.unseen) == 10
    larger = dresses.read([path], size=48)
    means = [part.x.mean(axis=(1, 2)) for part in (data.test, larger.test)]
    np.testing.assert_allclose(*means, atol=2)  # the same pictures
    other = dresses.read([path], size=24, unseen=["red", "shirt"])
    assert pairs_of(other.unseen) == {("red", "shirt")}


def test_a_limit_counts_files_of_each_pair(write):
    data = dresses.read([write()], size=24, limit=5)
    assert (len(data.train), len(data.test), len(data.unseen)) == (24, 6, 5)


def test_a_pair_without_real_pictures_is_refused(write):
    with pytest.raises(ValueError, match=r"show the pair \('black', 'dress'\).*\('red', 'dress'\)"):
        dresses.read([write()], unseen=("black", "dress"))


def test_unreadable_files_are_reported_and_skipped(write):
    path = write(broken=b"no picture")
    with pytest.warns(UserWarning, match=r"dresses_96px\.zip: skipped.*red_shirt/broken\.jpg"):
        data = dresses.read([path], size=24)
    assert data.skipped == ("clothes/red_shirt/broken.jpg",)
    assert len(data.train) + len(data.test) + len(data.unseen) == 70


def test_what_a_file_lacks_is_named(write):
    with pytest.raises(DataError, match=r"no readable picture red_shirt/\*\.jpg"):
        dresses.read([write(pairs=PAIRS[:-1])])


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "dresses_96px.zip"
    path.write_bytes(b"PK damaged")
    with pytest.raises(DataError, match=r"dresses_96px\.zip cannot be read"):
        dresses.read([path])


def test_real_data(real_data):
    data = datasets.load("dresses", source="real")
    parts = data.train, data.test, data.unseen
    assert sum(map(len, parts)) == 2518
    assert len(data.unseen) == 385
    assert len(data.test) == pytest.approx(0.2 * (2518 - 385), abs=6)
    assert data.skipped == ()
    group = dresses.duplicates(np.concatenate([part.x for part in parts]))
    assert len(group) - len(set(group)) == 117
    side = np.repeat(np.arange(3), [len(part) for part in parts])
    assert all(len(set(side[group == number])) == 1 for number in np.unique(group))
