import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from course_lib.multitask import baselines
from course_lib.multitask.baselines import limits_of_agreement


def test_task_means(data):
    means = baselines.task_means(data.task, data.y, tasks=4)
    for t in range(3):
        assert means[t] == pytest.approx(data.y[data.task == t].mean(), rel=1e-5)
    assert means[3] == pytest.approx(data.y.mean(), rel=1e-5)


def test_ridge_is_scikit_learns(data):
    expected = Ridge(alpha=2.0, fit_intercept=False).fit(data.x, data.y).coef_
    assert baselines.ridge(data.x, data.y, 2.0) == pytest.approx(expected, rel=1e-4)


def test_separate_ridge_is_a_ridge_for_each_task(data):
    found = baselines.separate_ridge(data.x, data.task, data.y, data.tasks, 2.0)
    for t in range(data.tasks):
        own = data.task == t
        assert found[t] == pytest.approx(baselines.ridge(data.x[own], data.y[own], 2.0))


def test_shared_plus_own_is_where_the_gradient_vanishes(data):
    penalty = 1.7
    found = baselines.shared_plus_own_ridge(data.x, data.task, data.y, data.tasks, penalty)
    shared = found.mean(axis=0)  # at the minimum the v_t sum to zero, so this is w₀
    errors = data.y - baselines.predict(found, data.x, data.task)
    assert np.allclose(data.x.T @ errors, 0, atol=1e-4)
    for t in range(data.tasks):
        own = data.task == t
        gradient = data.x[own].T @ errors[own] - penalty * (found[t] - shared)
        assert np.allclose(gradient, 0, atol=1e-4)


def test_shared_plus_own_without_penalty_is_separate(data):
    found = baselines.shared_plus_own_ridge(data.x, data.task, data.y, data.tasks, 1e-6)
    separate = baselines.separate_ridge(data.x, data.task, data.y, data.tasks, 1e-6)
    own = np.isin(data.task, [1, 2])  # task 0 has fewer rows than features
    rows = (data.x[own], data.task[own])
    assert np.allclose(
        baselines.predict(found, *rows), baselines.predict(separate, *rows), atol=1e-3
    )


def test_shared_plus_own_with_a_huge_penalty_is_pooled(data):
    found = baselines.shared_plus_own_ridge(data.x, data.task, data.y, data.tasks, 1e9)
    assert np.allclose(found, baselines.ridge(data.x, data.y, 1e-9), atol=1e-3)


def test_shared_plus_own_bears_indicators_that_sum_to_one(data):
    """As in the School data: the shared part is not unique, the predictions are."""
    x = np.column_stack([data.x, data.x[:, 0] > 0, data.x[:, 0] <= 0]).astype(float)
    found = baselines.shared_plus_own_ridge(x, data.task, data.y, data.tasks, 1.0)
    assert np.all(np.isfinite(found))
    assert np.abs(found).max() < 100


def test_alternating_ridge_regressions_find_shared_plus_own(data):
    """As lecture 09 types it: the shared part of what v_t leave over, then each v_t, and again."""
    own = np.zeros((data.tasks, data.features))
    for _ in range(300):
        left = data.y - baselines.predict(own, data.x, data.task)
        shared = baselines.ridge(data.x, left, 1e-6)
        left = data.y - data.x @ shared
        own = baselines.separate_ridge(data.x, data.task, left, data.tasks, 3.0)
    closed = baselines.shared_plus_own_ridge(data.x, data.task, data.y, data.tasks, 3.0)
    assert np.allclose(shared + own, closed, atol=1e-3)


def test_a_task_without_rows_gets_the_shared_part(data):
    found = baselines.shared_plus_own_ridge(data.x, data.task, data.y, data.tasks + 1, 1.0)
    assert found[3] == pytest.approx(found[:3].mean(axis=0), rel=1e-3)


def test_a_penalty_is_chosen_on_held_out_rows_only(data):
    """The fit sees the first rows of a fold, the error the second."""
    seen = []

    def fit(x, task, y, penalty):
        seen.append(len(y))
        return np.full((data.tasks, data.features), penalty)

    y = data.x.sum(axis=1)  # the labels of the penalty 1
    y[:20] *= 5  # and of the penalty 5 where the fit looks
    folds = iter([(np.arange(20), np.arange(20, 30))])
    assert baselines.choose_penalty(fit, data.x, data.task, y, [5, 1, 3], folds) == 1
    assert seen == [20, 20, 20]


def test_the_chosen_penalty_is_the_best_on_held_out_rows():
    rng = np.random.default_rng(0)
    x, task = rng.normal(size=(400, 8)), rng.integers(20, size=400)
    shared = rng.normal(size=8)

    def fit(x, task, y, penalty):
        return baselines.shared_plus_own_ridge(x, task, y, 20, penalty)

    def choose(deviation):
        own = shared + deviation * rng.normal(size=(20, 8))
        y = np.sum(x * own[task], axis=1) + rng.normal(size=400)
        folds = KFold(5, shuffle=True, random_state=0).split(x)
        return baselines.choose_penalty(fit, x, task, y, [0.01, 1, 10000], folds)

    assert choose(0.0) == 10000
    assert choose(1.0) == 1
    assert choose(50.0) == 0.01


def test_limits_of_agreement():
    found = limits_of_agreement([11, 23, 32], [10, 20, 30])
    assert found.difference.tolist() == [1, 3, 2]
    assert found.mean.tolist() == [10.5, 21.5, 31]
    assert found[2:] == pytest.approx((2, 0.04, 3.96))


def test_limits_of_agreement_hold_95_percent_of_normal_differences():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 20000))
    found = limits_of_agreement(first, second)
    inside = (found.difference > found.lower) & (found.difference < found.upper)
    assert inside.mean() == pytest.approx(0.95, abs=0.005)


def test_the_relative_gain_is_the_mean_over_tasks():
    """(M − S) / |S|, turned around where less is better."""
    single = {"accuracy": 50.0, "error": 4.0, "log likelihood": -2.0}
    several = {"accuracy": 60.0, "error": 3.0, "log likelihood": -1.0}
    lower = {"accuracy": False, "error": True, "log likelihood": False}
    found = baselines.relative_gain(several, single, lower)
    assert found == pytest.approx((0.2 + 0.25 + 0.5) / 3)
