"""Augmentations: the range of pixels, every picture on its own, words that stay words."""

import numpy as np
import pytest

from course_lib.consistency import augmentations

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(1, 255, (32, 32, 32, 3)).astype("float32")


def test_each_picture_is_shifted_by_its_own_amount():
    same = np.repeat(PICTURES[:1], 32, axis=0)
    shifted = np.asarray(augmentations.crop_and_flip(0.25, seed=0)(same, training=True))
    assert len({picture.tobytes() for picture in shifted}) > 20


def test_digits_are_not_mirrored():
    ramp = np.tile(np.arange(32.0)[None, None, :, None], (16, 32, 1, 1)).astype("float32")
    moved = np.asarray(augmentations.crop_and_flip(0.1, flip=False, seed=0)(ramp, training=True))
    assert np.all(np.diff(moved[:, 16, 8:-8, 0], axis=1) > 0)
    mirrored = np.asarray(augmentations.crop_and_flip(0.1, seed=0)(ramp, training=True))
    assert np.any(np.diff(mirrored[:, 16, 8:-8, 0], axis=1) < 0)


def test_cutout_covers_as_much_of_every_picture():
    covered = np.asarray(augmentations.cutout(0.25, seed=0)(PICTURES, training=True))
    parts = np.mean(np.any(covered != PICTURES, axis=-1), axis=(1, 2))
    assert parts.min() > 0.1, "It covers all pictures."
    assert parts.max() < 0.35
    assert np.all(covered[covered != PICTURES] == 127.5)


def test_cutout_covers_with_the_middle_of_the_range_where_pixels_are_0_to_255():
    """Taken for values from 0 to 1, the cover would be black, and other pixels clipped."""
    white = np.full((4, 16, 16, 3), 255.0, "float32")
    covered = np.asarray(augmentations.cutout(0.25, seed=0)(white, training=True))
    assert set(np.unique(covered)) == {127.5, 255.0}
    black = np.asarray(augmentations.cutout(0.25, seed=0)(0 * white, training=True))
    assert set(np.unique(black)) == {0.0, 127.5}
    assert augmentations.cutout(0.25).value_range == (0, 255)


def test_cutout_covers_the_share_that_it_is_given():
    for share in (0.1, 0.4):
        covered = np.asarray(augmentations.cutout(share, seed=0)(PICTURES, training=True))
        parts = np.mean(np.any(covered != PICTURES, axis=-1), axis=(1, 2))
        assert np.median(parts) == pytest.approx(share, rel=0.25)


def test_shifts_reach_as_far_as_their_share_and_fill_with_black():
    white = np.full((64, 20, 20, 1), 255.0, "float32")
    moved = np.asarray(augmentations.crop_and_flip(0.25, seed=0)(white, training=True))
    assert set(np.unique(moved)) == {0.0, 255.0}
    empty = 20 - (moved[..., 0] > 0).any(axis=2).sum(axis=1)
    assert empty.max() in (4, 5)
    assert len(set(empty)) > 3


def test_augmentations_stand_still_outside_training():
    for layer in (augmentations.crop_and_flip(), augmentations.cutout()):
        assert np.array_equal(layer(PICTURES, training=False), PICTURES)


def test_rand_augment_shifts_covers_and_mirrors_too():
    augment = augmentations.rand_augment(seed=0)
    kinds = [type(layer).__name__ for layer in augment.layers]
    assert kinds == ["RandAugment", "Sequential", "RandomErasing"]
    assert tuple(augment.layers[0].value_range) == (0, 255)
    ramp = np.tile(np.linspace(0, 255, 32)[None, None, :, None], (32, 32, 1, 3)).astype("float32")
    still = augmentations.rand_augment(operations=0, covered=0.01, flip=False, seed=0)
    moved = np.asarray(still(ramp, training=True))[:, 16, 10:-10, 0]
    assert np.median(np.diff(moved, axis=1)) > 0, "Digits are not mirrored."
    mirrored = augmentations.rand_augment(operations=0, covered=0.01, seed=0)
    assert np.any(np.diff(np.asarray(mirrored(ramp, training=True))[:, 16, 12:-12, 0]) < -5)


def test_rand_augment_keeps_the_range_of_pixels():
    changed = np.asarray(augmentations.rand_augment(seed=0)(PICTURES, training=True))
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert changed.std() > 20, "Taken for values from 0 to 1, pictures would be white."
    assert np.mean(np.abs(changed - PICTURES).mean(axis=(1, 2, 3)) > 1) > 0.9


def test_words_are_left_out_and_one_stays():
    rng = np.random.default_rng(0)
    sentence = ["a", "film", "of", "rare", "and", "quiet", "charm"]
    assert augmentations.drop_words(sentence, 0.0, rng) == sentence
    assert len(augmentations.drop_words(sentence, 1.0, rng)) == 1
    kept = [len(augmentations.drop_words(sentence, 0.5, rng)) for _ in range(400)]
    assert np.isclose(np.mean(kept), 3.5, atol=0.3)


def test_words_are_replaced_by_their_neighbours():
    rng = np.random.default_rng(0)
    neighbours = {"good": ["fine", "great"], "film": []}
    changed = augmentations.replace_words(["good", "film", "good"], neighbours, 1.0, rng)
    assert changed[1] == "film"
    assert {changed[0], changed[2]} <= {"fine", "great"}
    assert augmentations.replace_words(["good"], neighbours, 0.0, rng) == ["good"]


def test_nearest_words_point_the_same_way():
    words = ["up", "upwards", "down", "right"]
    vectors = np.array([[0.0, 1.0], [0.1, 3.0], [0.0, -1.0], [1.0, 0.0]])
    assert augmentations.nearest_words(words, vectors, 1)["up"] == ["upwards"]
    assert augmentations.nearest_words(words, vectors, 2)["down"][0] == "right"
    assert len(augmentations.nearest_words(words, vectors, 2)["up"]) == 2


def test_words_keep_their_order_and_are_dropped_by_chance():
    sentence = [str(i) for i in range(1000)]
    kept = [int(word) for word in augmentations.drop_words(sentence, 0.2, np.random.default_rng(0))]
    assert kept == sorted(kept)
    assert len(kept) == pytest.approx(800, abs=50)
    lasting = {
        augmentations.drop_words(["a", "b"], 1.0, np.random.default_rng(s))[0] for s in range(9)
    }
    assert lasting == {"a", "b"}


def test_words_are_replaced_by_chance():
    changed = augmentations.replace_words(["a"] * 1000, {"a": ["b"]}, 0.2, np.random.default_rng(0))
    assert changed.count("b") == pytest.approx(200, abs=50)


def test_translators_go_there_and_back():
    found = augmentations.back_translate(
        ["a b", "c"], lambda s: [x.upper() for x in s], lambda s: [x[::-1] for x in s]
    )
    assert found == ["B A", "C"]
    with pytest.raises(ValueError, match="got 2 sentences and returned 1"):
        augmentations.back_translate(["a", "b"], lambda s: s[:1], list)
