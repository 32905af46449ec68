"""TrAdaBoost against the formulas of its paper, and against AdaBoost where there is no source."""

import inspect

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from course_lib.transfer.instances import TrAdaBoost

STUMP = DecisionTreeClassifier(max_depth=1, random_state=0)
ROUNDS = 10


@pytest.fixture
def rows():
    """60 source rows, the last 20 with wrong labels, and 40 target rows with two labels wrong."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 3))
    y = (x[:, 0] + x[:, 1] > 0).astype(int)
    y[40:62] = 1 - y[40:62]
    return x, y, np.arange(100) < 60


def test_a_source_without_error_keeps_its_weights():
    x = np.random.default_rng(0).normal(size=(50, 2))
    y = (x[:, 0] > 0).astype(int)
    twice, source = np.tile(x, (2, 1)), np.arange(100) < 50
    boost = TrAdaBoost(STUMP, ROUNDS).fit(twice, np.tile(y, 2), source)
    assert np.array_equal(boost.weights_, np.ones((ROUNDS + 1, 100)))
    assert np.array_equal(boost.predict(x), y)


def test_weights_of_wrong_source_rows_fall_by_beta(rows):
    x, y, source = rows
    boost = TrAdaBoost(STUMP, ROUNDS).fit(x, y, source)
    beta = 1 / (1 + np.sqrt(2 * np.log(60) / ROUNDS))
    for before, after, classifier in zip(boost.weights_, boost.weights_[1:], boost.estimators_):
        wrong = np.abs(classifier.predict(x) - y)[source]
        assert np.allclose(after[source], before[source] * beta**wrong)


def test_weights_of_wrong_target_rows_grow_by_one_over_beta_t(rows):
    x, y, source = rows
    boost = TrAdaBoost(STUMP, ROUNDS).fit(x, y, source)
    for before, after, classifier in zip(boost.weights_, boost.weights_[1:], boost.estimators_):
        wrong = np.abs(classifier.predict(x) - y)[~source]
        error = np.sum(before[~source] * wrong) / np.sum(before[~source])
        error = np.clip(error, 1 / 80, 0.5)
        assert np.allclose(after[~source], before[~source] * (error / (1 - error)) ** -wrong)


def test_no_source_weight_ever_grows_and_misleading_rows_end_lighter(rows):
    x, y, source = rows
    boost = TrAdaBoost(LogisticRegression(), ROUNDS).fit(x, y, source)
    assert np.all(np.diff(boost.weights_[:, source], axis=0) <= 0)
    assert boost.weights_[-1, 40:60].mean() < 0.5 * boost.weights_[-1, :40].mean()


def test_without_source_rows_it_is_adaboost(rows):
    x, y, source = rows
    boost = TrAdaBoost(STUMP, ROUNDS).fit(x, y, np.zeros_like(source))
    plain = AdaBoostClassifier(STUMP, n_estimators=ROUNDS, random_state=0).fit(x, y)
    assert boost.errors_ == pytest.approx(plain.estimator_errors_)
    for ours, theirs in zip(boost.estimators_, plain.estimators_):
        assert np.array_equal(ours.predict(x), theirs.predict(x))


def test_the_second_half_votes_as_in_the_paper(rows):
    x, y, source = rows
    boost = TrAdaBoost(STUMP, rounds=7).fit(x, y, source)
    late = slice(3, None)  # rounds ⌈7/2⌉ = 4 to 7, counted from 1
    beta = (boost.errors_ / (1 - boost.errors_))[late, None]
    said = np.array([classifier.predict(x) for classifier in boost.estimators_[late]])
    product = np.prod(beta**-said, axis=0) > np.prod(beta**-0.5, axis=0)
    assert np.array_equal(boost.predict(x), product.astype(int))


class Says:
    """A classifier that gives one answer to all rows."""

    def __init__(self, answer):
        self.answer = answer

    def predict(self, x):
        return np.full(len(x), self.answer)


@pytest.mark.parametrize(("rounds", "first"), [(2, 1), (3, 2), (4, 2), (5, 3), (7, 4), (20, 10)])
def test_votes_begin_with_round_n_half(rounds, first):
    """Round ⌈N/2⌉, counted from 1, has the only large vote; the one before it has a larger one."""
    boost = TrAdaBoost(STUMP, rounds)
    boost.classes_ = np.array([0, 1, 2])
    answers, errors = np.zeros(rounds, int), np.full(rounds, 0.45)
    answers[first - 1], errors[first - 1] = 1, 1e-4
    answers[: first - 1], errors[: first - 1] = 2, 1e-8
    boost.estimators_, boost.errors_ = [Says(answer) for answer in answers], errors
    assert boost.predict(np.zeros((2, 1))).tolist() == [1, 1]


def test_a_vote_is_the_logarithm_of_one_over_beta_t():
    """Two votes of ln 4 outvote one of ln 15, and not one of ln 17."""
    for odds, expected in ((15, 0), (17, 1)):
        boost = TrAdaBoost(STUMP, 5)  # the last three vote
        boost.classes_ = np.array([0, 1])
        boost.estimators_ = [Says(answer) for answer in (1, 1, 0, 0, 1)]
        boost.errors_ = np.array([0.1, 0.1, 0.2, 0.2, 1 / (1 + odds)])
        assert boost.predict(np.zeros((1, 1))).tolist() == [expected]


def test_every_classifier_sees_all_rows_with_weights_of_mean_one(rows, monkeypatch):
    x, y, source = rows
    seen = []
    fit = DecisionTreeClassifier.fit

    def note(self, x, y, sample_weight):
        seen.append(sample_weight)
        return fit(self, x, y, sample_weight=sample_weight)

    note.__signature__ = inspect.signature(fit)
    monkeypatch.setattr(DecisionTreeClassifier, "fit", note)
    boost = TrAdaBoost(STUMP, ROUNDS).fit(x, y, source)
    assert np.allclose(seen, boost.weights_[:-1] / boost.weights_[:-1].mean(axis=1, keepdims=True))


def test_it_takes_sparse_features_and_named_classes(rows):
    x, y, source = rows
    names = np.array(["blame", "praise"])
    boost = TrAdaBoost(LogisticRegression(), ROUNDS).fit(csr_array(x), names[y], source)
    dense = TrAdaBoost(LogisticRegression(), ROUNDS).fit(x, y, source)
    assert np.array_equal(boost.predict(csr_array(x)), names[dense.predict(x)])


def test_a_classifier_without_sample_weight_is_refused(rows):
    with pytest.raises(ValueError, match=r"takes `sample_weight`, but got KNeighborsClassifier"):
        TrAdaBoost(KNeighborsClassifier()).fit(*rows)


def test_a_target_without_rows_is_refused(rows):
    x, y, source = rows
    with pytest.raises(ValueError, match="all rows are source rows"):
        TrAdaBoost(STUMP).fit(x, y, np.ones_like(source))


def test_a_source_that_drowns_the_target_is_an_error_rather_than_a_guess():
    x = np.zeros((100, 1))  # nothing to tell rows by: the source's majority decides
    y, source = np.repeat([0, 1], [90, 10]), np.arange(100) < 90
    with pytest.raises(ValueError, match="better than chance"):
        TrAdaBoost(STUMP, rounds=2).fit(x, y, source)


def test_an_error_of_zero_counts_as_half_a_target_row():
    """On target rows alone, and so are their votes: ln(2 n − 1) each, for n target rows."""
    x = np.arange(20.0)[:, None]
    y, source = (x[:, 0] >= 10).astype(int), np.arange(20) % 4 > 0
    boost = TrAdaBoost(STUMP, rounds=4).fit(x, y, source)
    assert boost.errors_ == pytest.approx(np.full(4, 0.1))
    assert boost._votes() == pytest.approx([0, np.log(9), np.log(9), np.log(9)])
