"""Context prediction: patches lie where the answer says, apart, and give nothing else away."""

import numpy as np
import pytest

from course_lib.consistency import context


@pytest.fixture
def coordinates():
    """Pictures whose two channels are the row and the column of each pixel."""
    grid = np.stack(np.meshgrid(np.arange(40.0), np.arange(40.0), indexing="ij"), axis=-1)
    return np.repeat(grid[None], 300, axis=0)


def cut(pictures, **options):
    options = {"gap": 3, "jitter": 1, "drop_colours": False, **options}
    return context.patches(pictures, 8, rng=np.random.default_rng(0), **options)


def test_patches_lie_where_their_place_says(coordinates):
    first, second, places = cut(coordinates)
    shift = second[:, 0, 0] - first[:, 0, 0]
    assert set(places) == set(range(8))
    assert np.abs(shift - 11 * np.array(context.PLACES)[places]).max() == 1
    assert np.all(first[:, -1, -1] - first[:, 0, 0] == 7)


def test_patches_do_not_touch(coordinates):
    first, second, _ = cut(coordinates)
    apart = np.abs(second[:, 0, 0] - first[:, 0, 0]).max(axis=1)
    assert apart.min() >= 8 + 3 - 1


def test_colours_are_dropped_in_each_patch():
    pictures = np.random.default_rng(1).integers(0, 256, (50, 40, 40, 3)).astype("float32")
    first, _, _ = cut(pictures, drop_colours=True)
    spreads = np.sort(first.std(axis=(1, 2)), axis=1)
    assert np.all(spreads[:, 2] > 10 * spreads[:, 1])


def test_small_pictures_are_refused():
    with pytest.raises(ValueError, match="need 32 pixels, but the pictures have 31 by 40"):
        cut(np.zeros((1, 31, 40, 3)))


def test_the_patch_that_is_kept_is_one_channel_and_the_others_noise_of_its_brightness():
    """What is left of the dropped channels must not tell colours, nor lie elsewhere."""
    pictures = np.random.default_rng(1).integers(0, 256, (50, 40, 40, 3)).astype("float32")
    plain = cut(pictures, drop_colours=False)
    dropped = cut(pictures, drop_colours=True)
    for before, after in zip(plain[:2], dropped[:2]):
        kept = (before == after).all(axis=(1, 2))
        assert np.all(kept.sum(axis=1) == 1)
        assert set(kept.argmax(axis=1)) == {0, 1, 2}
        noise = after.transpose(0, 3, 1, 2)[~kept]
        assert np.allclose(noise.mean(), before.mean(), atol=1)
        assert np.allclose(noise.std(), before.std() / 100, rtol=0.2)


def test_channels_of_both_patches_are_dropped_independently():
    pictures = np.random.default_rng(1).integers(0, 256, (200, 40, 40, 3)).astype("float32")
    first, second, _ = cut(pictures, drop_colours=True)
    same = first.std(axis=(1, 2)).argmax(axis=1) == second.std(axis=(1, 2)).argmax(axis=1)
    assert 0.2 < same.mean() < 0.5


def test_jitter_goes_both_ways_and_places_are_all_the_same_often(coordinates):
    first, second, places = cut(coordinates)
    shift = second[:, 0, 0] - first[:, 0, 0] - 11 * np.array(context.PLACES)[places]
    assert set(np.unique(shift)) == {-1, 0, 1}
    assert np.bincount(places, minlength=8).min() > 20
    still = cut(coordinates, jitter=0)
    apart = still[1][:, 0, 0] - still[0][:, 0, 0]
    assert np.array_equal(apart, 11 * np.array(context.PLACES)[still[2]])


def test_patches_reach_every_border(coordinates):
    first, second, _ = cut(coordinates)
    both = np.concatenate([first, second])
    assert both.min() == 0
    assert both.max() == 39
    assert len(set(first[:, 0, 0, 0])) == 40 - 8 - 2 * 12 + 1


def test_grey_pictures_and_colours_that_stay_are_left_as_they_are():
    grey = np.random.default_rng(1).integers(0, 256, (20, 40, 40, 1)).astype("float32")
    for kept, plain in zip(cut(grey, drop_colours=True)[:2], cut(grey)[:2]):
        assert np.array_equal(kept, plain)
        assert kept.dtype == "float32"
