"""Thresholds and weights of guesses: closed forms, and the limits in which each is FixMatch."""

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.consistency import confidence, losses
from course_lib.consistency.methods import FixMatch, FlexMatch, FreeMatch, SoftMatch

RNG = np.random.default_rng(0)
P = RNG.dirichlet([0.5] * 4, 40).astype("float32")
SURE = P.max(axis=1) > 0.8
EVEN = np.full(4, 0.25, "float32")


def test_rows_are_above_one_threshold_or_that_of_their_class():
    assert np.array_equal(confidence.above(P, 0.8), SURE)
    thresholds = np.array([0.1, 0.9, 0.7, 1.1], "float32")
    expected = P.max(axis=1) > thresholds[P.argmax(axis=1)]
    assert np.array_equal(confidence.above(P, thresholds), expected)
    assert not np.array_equal(expected, SURE)
    assert not np.any(confidence.above(P, 1.01))
    assert not np.any(confidence.above(np.full((2, 4), 0.25, "float32"), 0.25))


def test_flexible_thresholds_are_lower_for_what_is_learned_less():
    found = confidence.flexible(0.9, np.array([0.5, 0.25, 0.0, 0.125], "float32"))
    progress = np.array([1, 0.5, 0, 0.25])
    assert np.allclose(found, 0.9 * progress / (2 - progress), atol=1e-6)


def test_while_few_rows_are_sure_flexible_thresholds_are_low():
    assert np.all(confidence.flexible(0.9, np.zeros(4, "float32")) == 0)
    early = confidence.flexible(0.9, np.full(4, 0.05, "float32"))
    assert np.allclose(early, 0.9 * (1 / 16) / (2 - 1 / 16), atol=1e-6)


def test_flexible_thresholds_of_classes_learned_equally_are_fixmatch():
    assert np.allclose(confidence.flexible(0.9, EVEN), 0.9, atol=1e-6)


def test_self_adaptive_thresholds_are_relative_to_the_most_frequent_class():
    found = confidence.self_adaptive(0.6, np.array([0.4, 0.1, 0.3, 0.2]))
    assert np.allclose(found, [0.6, 0.15, 0.45, 0.3])
    assert np.allclose(confidence.self_adaptive(0.6, EVEN), 0.6)


def test_gaussian_weights_are_cut_at_the_mean():
    surest = np.array([0.2, 0.5, 0.7, 0.9], "float32")
    found = confidence.gaussian(surest, 0.7, 0.04)
    assert np.allclose(found, [np.exp(-0.25 / 0.08), np.exp(-0.04 / 0.08), 1, 1], atol=1e-6)


def test_gaussian_weights_without_variance_are_fixmatch():
    assert np.array_equal(confidence.gaussian(P.max(axis=1), 0.8, 0.0), SURE)


def test_aligned_probabilities_are_even():
    found = np.array(confidence.aligned(P, P.mean(axis=0)))
    assert np.allclose(found.sum(axis=1), 1, atol=1e-6)
    ratio = found[:, 0] / found[:, 1] / (P[:, 0] / P[:, 1])
    assert np.allclose(ratio, P[:, 1].mean() / P[:, 0].mean(), rtol=1e-4)
    assert np.allclose(confidence.aligned(P, EVEN), P, atol=1e-6)


def test_fairness_is_a_negative_cross_entropy():
    """Of even averages, with even answers, it is −log classes, and nothing can be higher."""
    q = np.full((4, 4), 0.2, "float32") + 0.2 * np.eye(4, dtype="float32")
    ones = np.ones(4, "float32")
    even = confidence.fairness(EVEN, EVEN, q, ones)
    assert np.isclose(even, -np.log(4), atol=1e-5)
    q[0] = [0.7, 0.1, 0.1, 0.1]
    assert confidence.fairness(EVEN, EVEN, q, ones) < even - 1e-3
    assert confidence.fairness(EVEN, EVEN, q, 0 * ones) == 0


def test_fairness_leaves_rows_and_classes_out_that_do_not_count():
    q = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]], "float32")
    shares, histogram = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]], "float32")
    found = confidence.fairness(shares, histogram, q, np.array([1.0, 1.0, 0.0], "float32"))
    a = shares / histogram
    a /= a.sum()
    b = np.array([0.8 / 1, 1.0 / 1])  # the sums of both answers, over the number of guesses
    assert np.isclose(found, np.sum(a[:2] * np.log(b / (0.8 + 1.0 + 0.0))), atol=1e-5)


WEAK, STRONG = RNG.normal(size=(2, 12, 5)).astype("float32")


def network():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4)])
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(size=w.shape) for w in model.get_weights()])
    return model


def flexmatch():
    model = FlexMatch(network(), threshold=0.7, momentum=1.0)
    model.learned.assign(EVEN)
    return model


def freematch():
    model = FreeMatch(network(), momentum=1.0, fairness=0.0)
    model.confidence.assign(0.7)
    return model


def softmatch(alignment):
    model = SoftMatch(network(), momentum=1.0, alignment=alignment)
    model.mean.assign(0.7)
    model.variance.assign(0.0)
    return model


LIMITS = {
    "FlexMatch, all classes learned equally": flexmatch,
    "FreeMatch, averages frozen and even": freematch,
    "SoftMatch, no variance": lambda: softmatch(False),
    "SoftMatch, no variance, aligned to even shares": lambda: softmatch(True),
}


@pytest.mark.parametrize("make", LIMITS.values(), ids=LIMITS)
def test_limits_are_fixmatch(make):
    expected = FixMatch(network(), threshold=0.7).unlabelled_loss(WEAK, STRONG)
    free = FixMatch(network(), threshold=0.0).unlabelled_loss(WEAK, STRONG)
    assert 0 < expected < free
    assert np.isclose(make().unlabelled_loss(WEAK, STRONG), expected, rtol=1e-6)


def test_fixmatch_is_uda_at_temperature_zero():
    weak, strong = 2 * WEAK[:, :4], STRONG[:, :4]
    found = losses.fixmatch(weak, strong, 0.7)
    assert found > 0.1
    assert np.isclose(found, losses.uda(weak, strong, 1e-4, 0.7), rtol=1e-4)
    assert losses.fixmatch(weak, strong, 1.01) == 0


def test_pseudo_label_is_fixmatch_of_one_view():
    assert np.isclose(losses.pseudo_label(WEAK, 0.5), losses.fixmatch(WEAK, WEAK, 0.5))
