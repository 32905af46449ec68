import keras
import numpy as np
import pytest
from keras import ops
from scipy.special import log_softmax

from course_lib.fusion import merging
from course_lib.gradients import input_gradient


@pytest.fixture
def probabilities(answers):
    """Of the correct class, `(rows, modalities)`."""
    labels, logits = answers
    return np.exp(log_softmax(logits.astype("float64"), axis=-1)[np.arange(6), :, labels])


def test_logarithms_of_right_and_wrong(answers, probabilities):
    right, wrong = merging.log_probabilities(*answers)
    assert np.allclose(right, np.log(probabilities), atol=1e-5)
    assert np.allclose(wrong, np.log(1 - probabilities), atol=1e-5)


def test_additive_is_the_sum_of_cross_entropies(answers):
    labels, logits = answers
    single = [
        keras.losses.sparse_categorical_crossentropy(labels, logits[:, i], from_logits=True)
        for i in range(3)
    ]
    assert np.allclose(merging.additive(labels, logits), sum(single), atol=1e-5)
    thirds = merging.additive(labels, logits, np.full(3, 1 / 3, "float32"))
    assert np.allclose(thirds, np.mean(single, axis=0), atol=1e-5), "Equal weights: the mean."


def test_at_beta_zero_nobody_is_silenced(answers):
    assert np.allclose(merging.multiplicative(*answers, beta=0.0), merging.additive(*answers))


@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_multiplicative_is_its_formula(answers, probabilities, beta):
    p = probabilities
    expected = 0
    for i in range(3):
        others = np.prod(1 - np.delete(p, i, axis=1), axis=1)
        expected -= others**beta * np.log(p[:, i])
    assert np.allclose(merging.multiplicative(*answers, beta=beta), expected, rtol=1e-4)


def test_one_sure_modality_silences_the_others(answers):
    labels, logits = answers
    logits = logits.copy()
    logits[np.arange(6), 0, labels] = 30
    weights = ops.convert_to_numpy(merging.silence(labels, logits, beta=1.0))
    assert np.all(weights[:, 1:] < 1e-8)
    assert np.all(weights[:, 1:] > 0), "1 − p would have been rounded to 0."


def test_no_gradient_passes_the_weights(answers):
    labels, logits = answers
    weights = ops.convert_to_numpy(merging.silence(labels, logits))

    def loss(z):
        return ops.sum(merging.multiplicative(labels, z))

    slope = ops.convert_to_numpy(input_gradient(loss, ops.convert_to_tensor(logits)))
    p = np.exp(log_softmax(logits, axis=-1))
    p[np.arange(6), :, labels] -= 1
    assert np.allclose(slope, weights[..., None] * p, atol=1e-5)


def test_mixtures_are_sums_of_their_members():
    chosen = merging.subsets(3)
    assert chosen == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    assert merging.subsets(4, largest=1) == [(0,), (1,), (2,), (3,)]
    features = np.random.default_rng(0).normal(size=(5, 3, 2)).astype("float32")
    mixed = ops.convert_to_numpy(merging.mixtures(features, chosen))
    for place, mixture in enumerate(chosen):
        assert np.allclose(mixed[:, place], features[:, mixture].sum(axis=1), atol=1e-6)
