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


def test_in_half_precision_nothing_is_lost(answers):
    labels, logits = answers
    half = (10 * logits).astype("float16")
    expected = merging.multiplicative(labels, half.astype("float32"))
    assert np.array_equal(merging.multiplicative(labels, half), expected)
    assert np.all(np.isfinite(ops.convert_to_numpy(merging.silence(labels, half))))


def test_a_product_of_many_modalities_does_not_underflow():
    labels = np.zeros(1, int)
    logits = np.zeros((1, 400, 2), "float32")
    logits[..., 1] = 5  # each 1 − p is nearly 1
    weights = ops.convert_to_numpy(merging.silence(labels, logits, beta=1.0))
    assert weights == pytest.approx(np.full((1, 400), (1 / (1 + np.exp(-5))) ** 399), rel=1e-3)
    logits[..., 1] = 0  # each is 1/2: the product is 2⁻³⁹⁹, but to the power 1/10 it is not
    weights = ops.convert_to_numpy(merging.silence(labels, logits, beta=0.1))
    assert weights == pytest.approx(np.full((1, 400), 0.5**39.9), rel=1e-3, abs=0)


def test_labels_may_come_as_a_column(answers):
    labels, logits = answers
    expected = merging.additive(labels, logits)
    assert np.array_equal(merging.additive(labels[:, None].astype("float32"), logits), expected)


TRAIN = np.array([[2.0, 2.0, 2.0], [0.5, 1.0, 0.1]])
VALIDATION = np.array([[2.0, 2.0, 2.1], [1.0, 1.6, 1.3]])


def test_blending_weighs_gains_over_squared_overfitting():
    # G = (1, 0.4, 0.8), O = (0.5, 0.6, 1.1)
    expected = np.array([1 / 0.25, 0.4 / 0.36, 0.8 / 1.21])
    weights = merging.blending_weights(TRAIN, VALIDATION)
    assert np.allclose(weights, expected / expected.sum())
    assert weights.sum() == pytest.approx(1)


def test_blending_minimizes_overfitting_per_generalization():
    gains = VALIDATION[0] - VALIDATION[1]
    overfitting = (VALIDATION[1] - TRAIN[1]) - (VALIDATION[0] - TRAIN[0])

    def ratio(weights):
        """Expected OGR², with errors of the answers that are independent of each other."""
        return np.sum(weights**2 * overfitting**2, axis=-1) / np.sum(weights * gains, axis=-1) ** 2

    best = ratio(merging.blending_weights(TRAIN, VALIDATION))
    others = np.random.default_rng(0).dirichlet(np.ones(3), 2000)
    assert np.all(ratio(others) >= best - 1e-9)
    assert ratio(others).min() == pytest.approx(best, rel=0.02)


def test_blending_gives_nothing_to_an_answer_that_gains_nothing():
    validation = VALIDATION.copy()
    validation[1, 1] = 2.5
    weights = merging.blending_weights(TRAIN, validation)
    assert weights[1] == 0
    assert weights.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="smaller validation loss after than before"):
        merging.blending_weights(TRAIN, VALIDATION[::-1])


def test_blending_stays_finite_where_nothing_overfits():
    weights = merging.blending_weights(TRAIN, TRAIN)
    assert np.allclose(weights, (TRAIN[0] - TRAIN[1]) / np.sum(TRAIN[0] - TRAIN[1]))
