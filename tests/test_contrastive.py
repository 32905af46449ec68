"""InfoNCE: closed forms, limits, a bound, and what a gradient does at zero."""

import numpy as np
import pytest
import tensorflow as tf

from course_lib.contrastive import info_nce

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.normal(size=(2, 6, 4)).astype("float32")


def by_hand(first, second, temperature):
    """Both directions' cross entropies, a row at a time."""
    first, second = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (first, second))
    terms = []
    for anchors, others in ((first, second), (second, first)):
        for row, anchor in enumerate(anchors):
            scores = others @ anchor / temperature
            terms.append(np.log(np.sum(np.exp(scores))) - scores[row])
    return np.mean(terms)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_it_is_the_cross_entropy_of_both_directions(temperature):
    found = info_nce(FIRST, SECOND, temperature)
    assert np.isclose(found, by_hand(FIRST, SECOND, temperature), rtol=1e-5)


def test_it_swaps_and_scales_without_change():
    found = info_nce(FIRST, SECOND)
    assert np.isclose(found, info_nce(SECOND, FIRST), rtol=1e-6)
    assert np.isclose(found, info_nce(3 * FIRST, 0.2 * SECOND), rtol=1e-5)


def test_equal_vectors_cost_the_logarithm_of_their_number():
    same = np.ones((6, 4), "float32")
    assert np.isclose(info_nce(same, same), np.log(6), rtol=1e-6)


def test_perfect_pairs_cost_nothing_when_it_is_cold():
    assert np.isclose(info_nce(FIRST, FIRST, temperature=1e-3), 0, atol=1e-6)
    assert info_nce(FIRST, FIRST[::-1].copy(), temperature=1e-3) > 100


def test_it_bounds_the_information_from_below():
    """Two vectors that share one of four equally likely directions share log 4 nats."""
    draws = RNG.integers(4, size=256)
    vectors = np.eye(4, dtype="float32")[draws]
    bounds = [np.log(256) - info_nce(vectors, vectors, tau) for tau in (1.0, 0.1, 0.02)]
    assert bounds[0] < bounds[1] < np.log(4) + 0.02
    assert np.isclose(bounds[2], np.log(4), atol=0.02)


def test_vectors_of_length_zero_have_finite_gradients():
    zeros = tf.zeros((3, 4))
    with tf.GradientTape() as tape:
        tape.watch(zeros)
        loss = info_nce(zeros, FIRST[:3])
    assert np.isclose(loss, np.log(3), rtol=1e-6)
    assert np.all(np.isfinite(tape.gradient(loss, zeros)))


def test_half_precision_is_computed_in_float32():
    halves = FIRST.astype("float16"), SECOND.astype("float16")
    assert info_nce(*halves).dtype == "float32"
    assert np.isclose(info_nce(*halves), info_nce(FIRST, SECOND), rtol=1e-2)
