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
