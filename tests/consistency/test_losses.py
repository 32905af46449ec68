"""Losses on logits: identities, limits, and where gradients flow."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from course_lib.consistency import losses

RNG = np.random.default_rng(0)
CLEAN = RNG.normal(size=(6, 4)).astype("float32") * 2
AUGMENTED = RNG.normal(size=(6, 4)).astype("float32") * 2


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def gradients(function, *inputs):
    inputs = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    return [None if g is None else g.numpy() for g in tape.gradient(value, inputs)]


def test_divergence_is_keras_own():
    found = losses.kl_divergence(CLEAN, AUGMENTED)
    expected = keras.losses.kl_divergence(softmax(CLEAN), softmax(AUGMENTED))
    assert np.allclose(found, expected, atol=1e-6)


def test_divergence_is_cross_entropy_less_entropy():
    cross_entropy = -np.sum(softmax(CLEAN) * np.log(softmax(AUGMENTED)), axis=-1)
    difference = cross_entropy - losses.entropy(CLEAN)
    assert np.allclose(losses.kl_divergence(CLEAN, AUGMENTED), difference, atol=1e-5)


def test_divergence_is_not_symmetric():
    there = losses.kl_divergence(CLEAN, AUGMENTED)
    back = losses.kl_divergence(AUGMENTED, CLEAN)
    assert not np.allclose(there, back, atol=0.1)


def test_uda_pulls_the_augmented_answer_to_the_clean_one():
    """The gradient is q − p, over all rows, and none passes the target."""
    temperature, threshold = 0.5, 0.7
    to_clean, to_augmented = gradients(
        lambda c, a: losses.uda(c, a, temperature, threshold), CLEAN, AUGMENTED
    )
    mask = softmax(CLEAN).max(axis=1) > threshold
    assert 0 < mask.sum() < len(mask)
    expected = (softmax(AUGMENTED) - softmax(CLEAN / temperature)) * mask[:, None] / len(mask)
    assert to_clean is None
    assert np.allclose(to_augmented, expected, atol=1e-6)


def test_uda_masks_by_the_answer_before_it_is_sharpened():
    unsure = np.array([[1.0, 0.5]], "float32")
    sharpened = softmax(unsure / 0.1).max()
    assert softmax(unsure).max() < 0.8 < sharpened
    assert losses.uda(unsure, -unsure, temperature=0.1, threshold=0.8) == 0


def test_uda_of_identical_views_is_nothing():
    value = losses.uda(CLEAN, CLEAN, temperature=1.0, threshold=-1)
    (slope,) = gradients(lambda a: losses.uda(CLEAN, a, 1.0, -1), CLEAN)
    assert np.allclose(value, 0, atol=1e-6)
    assert np.allclose(slope, 0, atol=1e-6)


def test_squared_difference_teaches_both_views():
    first, second = gradients(
        lambda a, b: ops.mean(losses.squared_difference(a, b)), CLEAN, AUGMENTED
    )
    assert np.abs(first).max() > 1e-3
    assert np.abs(second).max() > 1e-3
    assert np.all(losses.squared_difference(CLEAN, CLEAN) == 0)


def test_pseudo_label_is_cross_entropy_of_the_sure_rows():
    sure = softmax(CLEAN).max(axis=1)
    expected = np.mean(np.where(sure > 0.7, -np.log(sure), 0))
    assert np.isclose(losses.pseudo_label(CLEAN, 0.7), expected, atol=1e-6)
    assert losses.pseudo_label(CLEAN, 1.01) == 0


def test_sharpening_has_its_limits():
    p = softmax(CLEAN)
    assert np.allclose(losses.sharpen(p, 1.0), p, atol=1e-6)
    assert np.allclose(losses.sharpen(p, 1e-3), p == p.max(axis=1, keepdims=True), atol=1e-6)
    assert np.allclose(losses.sharpen(p, 1e4), 1 / 4, atol=1e-3)


def test_mixing_commutes_with_what_is_linear():
    order, share = RNG.permutation(6), RNG.random(6).astype("float32")
    matrix = RNG.normal(size=(4, 3)).astype("float32")
    mixed = ops.matmul(losses.mix(ops.convert_to_tensor(CLEAN), order, share), matrix)
    assert np.allclose(mixed, losses.mix(ops.matmul(CLEAN, matrix), order, share), atol=1e-5)
    pictures = ops.convert_to_tensor(RNG.random((6, 2, 2, 1)).astype("float32"))
    assert np.allclose(losses.mix(pictures, order, np.ones(6)), pictures)


@pytest.mark.parametrize("schedule", ["log", "linear", "exp"])
def test_annealing_begins_at_chance_and_ends_with_all(schedule):
    thresholds = [losses.annealed_threshold(t, 4, schedule) for t in (0.0, 0.5, 1.0)]
    assert np.allclose(thresholds[::2], [1 / 4, 1], atol=0.01)
    assert thresholds[0] < thresholds[1] < thresholds[2]


def test_schedules_release_early_evenly_and_late():
    early, even, late = (losses.annealed_threshold(0.5, 10, s) for s in ("log", "linear", "exp"))
    assert early > even > late


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match=r"log, linear, exp.*'sine'"):
        losses.annealed_threshold(0.5, 4, "sine")


def test_annealing_looks_at_the_right_class_and_not_at_the_most_probable():
    logits = np.array([[4.0, 0.0], [4.0, 0.0], [0.0, 0.5]], "float32")
    labels = np.array([0, 1, 1])  # right and sure, wrong and sure, right and unsure
    error = -np.log(softmax(logits)[np.arange(3), labels])
    found = losses.annealed(labels, logits, threshold=0.8)
    assert np.isclose(found, error[1:].mean(), atol=1e-6)
    assert losses.annealed(labels, logits, threshold=0.0) == 0
