import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from course_lib.fusion import decisions


@pytest.fixture
def spoken():
    """Classes of 400 rows, and answers of a good, a middling and a useless modality."""
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=400)
    logits = rng.normal(size=(3, 400, 4))
    for modality, gain in enumerate((3.0, 1.0, 0.0)):
        logits[modality, np.arange(400), labels] += gain
    return labels, softmax(logits, axis=-1)


def right(probabilities, labels):
    return np.mean(probabilities.argmax(axis=-1) == labels)


def test_a_modality_that_says_nothing_leaves_the_other_alone(spoken):
    _, probabilities = spoken
    constant = np.full_like(probabilities[0], 0.25)
    both = [probabilities[0], constant]
    assert np.allclose(decisions.product(both), probabilities[0])
    assert np.array_equal(decisions.mean(both).argmax(1), probabilities[0].argmax(1))


def test_a_modality_that_is_surely_wrong_has_a_veto_in_the_product_alone():
    both = np.array([[[0.9, 0.1]], [[1e-9, 1 - 1e-9]]])
    assert decisions.product(both).argmax() == 1
    assert decisions.mean(np.concatenate([both, both[:1]])).argmax() == 0


def test_weights_follow_accuracy_and_sum_to_one(spoken):
    weights = decisions.accuracy_weights(spoken[1], spoken[0])
    assert weights.sum() == pytest.approx(1)
    assert weights[0] > weights[1] > weights[2]
    assert np.allclose(decisions.accuracy_weights(np.full((2, 8, 4), 0.25), np.ones(8)), 0.5)


def test_weighted_by_one_modality_alone_is_that_modality(spoken):
    assert np.allclose(decisions.mean(spoken[1], weights=[0, 1, 0]), spoken[1][1])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_calibration_finds_the_temperature_that_was_lost(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 4))
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    assert decisions.calibrate(temperature * logits, labels) == pytest.approx(temperature, rel=0.05)


def test_stacking_learns_whom_to_trust(spoken):
    labels, probabilities = spoken
    seen, new = slice(0, 200), slice(200, 400)
    stacked = decisions.Stacked().fit(probabilities[:, seen], labels[seen])
    answers = stacked.predict_proba(probabilities[:, new])
    assert answers.shape == (200, 4)
    assert np.allclose(answers.sum(axis=1), 1)
    assert right(answers, labels[new]) > right(decisions.mean(probabilities)[new], labels[new])


def test_the_product_is_right_for_independent_calibrated_modalities():
    """Two modalities drawn independently given the class: their product is the true posterior."""
    rng = np.random.default_rng(0)
    means = rng.normal(0, 1, (2, 3, 2))
    labels = rng.integers(3, size=50)
    x = means[:, labels] + rng.normal(size=(2, 50, 2))
    single = -0.5 * np.sum((x[:, :, None] - means[:, None]) ** 2, axis=-1)
    truth = softmax(single.sum(axis=0), axis=-1)
    answers = np.exp(log_softmax(single, axis=-1))
    assert np.allclose(decisions.product(answers), truth, atol=1e-9)


def test_a_product_of_many_answers_does_not_underflow():
    many = np.tile(np.float32([[[1e-9, 2e-9, 0.5]]]), (60, 1, 1))
    many[30:] = np.float32([0.5, 0.5, 1e-12])
    expected = softmax(30 * np.log([1e-9, 2e-9, 0.5]) + 30 * np.log([0.5, 0.5, 1e-12]))
    assert np.allclose(decisions.product(many), expected, rtol=1e-3)
    contrary = np.float16([[[1, 0]], [[0, 1]]])
    assert np.allclose(decisions.product(contrary), 0.5)


def test_weights_are_what_is_better_than_chance():
    labels = np.arange(20) % 4
    answers = np.zeros((3, 20, 4))
    for modality, right in enumerate((10, 15, 3)):  # of 20: 1/2, 3/4, and less than chance
        chosen = np.where(np.arange(20) < right, labels, (labels + 1) % 4)
        answers[modality, np.arange(20), chosen] = 1
    assert np.allclose(decisions.accuracy_weights(answers, labels), [1 / 3, 2 / 3, 0])


def test_stacking_is_a_regression_on_logarithms(spoken):
    labels, probabilities = spoken
    features = np.hstack(np.log(np.maximum(probabilities, 1e-6)))
    expected = LogisticRegression(C=0.3, max_iter=1000).fit(features, labels)
    stacked = decisions.Stacked(0.3).fit(probabilities, labels)
    assert np.allclose(
        stacked.predict_proba(probabilities), expected.predict_proba(features), atol=1e-6
    )


def test_an_answer_of_zero_does_not_stop_stacking(spoken):
    labels, probabilities = spoken
    sure = np.eye(4)[probabilities.argmax(axis=-1)]
    answers = decisions.Stacked().fit(sure, labels).predict_proba(sure)
    assert np.all(np.isfinite(answers))
