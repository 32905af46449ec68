import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from course_lib import datasets


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("audiovisual_digits")


def same(part, other):
    """Which rows are the same, `(rows of one, rows of the other)`."""
    part, other = (rows.reshape(len(rows), -1) for rows in (part, other))
    return np.array([np.all(other == row, axis=1) for row in part])


def test_schema(drawn):
    assert (len(drawn.train), len(drawn.test), drawn.rate) == (900, 300, 8000)
    for part in (drawn.train, drawn.test):
        rows = len(part)
        assert part.picture.shape == (rows, 28, 28)
        assert part.picture.dtype == np.uint8
        assert part.sound.shape == (rows, 8000)
        assert part.sound.dtype == part.ink.dtype == part.static.dtype == np.float32
        assert part.ink.shape == part.static.shape == part.present.shape == (rows, 4)
        assert part.present.all()
        assert np.array_equal(part.y, part.said)
        assert np.all(np.bincount(part.y) == rows / 10)


def test_no_picture_and_no_recording_is_in_both_parts(drawn):
    assert not same(drawn.test.picture[:50], drawn.train.picture).any()
    assert not same(drawn.test.sound[:50], drawn.train.sound).any()


def test_each_recording_has_a_picture_of_its_own(drawn):
    assert same(drawn.test.picture[:50], drawn.test.picture).sum() == 50


def test_a_recording_may_be_paired_with_several_pictures(drawn):
    data = datasets.load("audiovisual_digits", pictures=2)
    assert len(data.test) == 600
    assert np.array_equal(data.test.sound[:300], data.test.sound[300:])
    assert np.array_equal(data.test.y[:300], data.test.y[300:])
    first, second = data.test.picture[:300], data.test.picture[300:]
    assert np.mean(np.all(first == second, axis=(1, 2))) < 0.1


def test_new_speakers_are_never_heard_in_training():
    data = datasets.load("audiovisual_digits", split="speakers")
    assert set(data.train.speaker) == {0, 1, 2, 3}
    assert set(data.test.speaker) == {4, 5}


def test_ink_says_a_little_and_static_nothing(drawn):
    def accuracy(name):
        x, test = getattr(drawn.train, name), getattr(drawn.test, name)
        return LogisticRegression(max_iter=500).fit(x, drawn.train.y).score(test, drawn.test.y)

    assert 0.15 < accuracy("ink") < 0.6
    assert accuracy("static") < 0.15


def test_ink_is_that_of_another_picture(drawn):
    quarters = drawn.train.picture.reshape(-1, 2, 14, 2, 14).mean(axis=(2, 4)).reshape(-1, 4) / 255
    assert not np.any(np.all(np.isclose(quarters, drawn.train.ink), axis=1))


def test_noise_is_added_in_the_units_that_are_told(drawn):
    noised = datasets.load("audiovisual_digits", picture_noise=0.1, sound_noise=0.5)
    middle = (drawn.train.picture > 80) & (drawn.train.picture < 175)
    change = noised.train.picture[middle].astype(float) - drawn.train.picture[middle]
    assert change.std() == pytest.approx(25.5, rel=0.05)
    hiss = noised.train.sound[0] - drawn.train.sound[0]
    spoken = np.trim_zeros(drawn.train.sound[0])
    assert hiss.std() == pytest.approx(0.5 * np.sqrt(np.mean(spoken**2)), rel=0.05)


def test_missing_modalities_are_zeros_and_never_both():
    part = datasets.load("audiovisual_digits", missing=0.3).train
    assert np.all(part.present[:, :2].any(axis=1))
    assert np.mean(~part.present[:, :2], axis=0) == pytest.approx([0.3, 0.3], abs=0.05)
    for number, name in enumerate(("picture", "sound")):
        given = getattr(part, name).reshape(len(part), -1).any(axis=1)
        assert np.array_equal(given, part.present[:, number])


def test_where_modalities_conflict_the_label_is_what_is_written(drawn):
    part = datasets.load("audiovisual_digits", conflict=0.4).train
    assert np.mean(part.y != part.said) == pytest.approx(0.4, abs=0.05)
    shown = same(part.picture[:100], drawn.train.picture)
    assert all(drawn.train.y[row].tolist() in ([], [y]) for row, y in zip(shown, part.y))


@pytest.mark.parametrize("options", [{"missing": 0.6}, {"missing": -0.1}, {"conflict": 1.5}])
def test_chances_that_are_none_are_refused(options):
    with pytest.raises(ValueError, match="from 0 to"):
        datasets.load("audiovisual_digits", **options)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="'takes' or 'speakers', but got 'rows'"):
        datasets.load("audiovisual_digits", split="rows")


def test_the_real_pairing_is_always_the_same(real_data):
    first, again = (datasets.load("audiovisual_digits", "real") for _ in range(2))
    assert (len(first.train), len(first.test)) == (2700, 300)
    assert np.array_equal(first.train.picture, again.train.picture)
    assert np.array_equal(first.test.said, first.test.y)
