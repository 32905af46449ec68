import numpy as np
import pytest
from sklearn.metrics import r2_score

from course_lib import metrics

DEFINITIONS = ("pooled", "within", "per_task")


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    task = rng.integers(4, size=200)
    y = 10 * task + rng.normal(size=200) * (1 + task)
    return y, y + rng.normal(size=200), task


def test_rmse_and_standardized_mse():
    assert metrics.rmse([1, 2, 3], np.array([1, 2, 5])) == pytest.approx(np.sqrt(4 / 3))
    train = np.array([0.0, 4.0])
    assert metrics.standardized_mse([1, 3], np.array([2, 2]), train) == pytest.approx(1 / 4)
    assert metrics.standardized_mse(train, train.mean(), train) == pytest.approx(1)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_a_perfect_prediction_explains_everything(rows, definition):
    y, _, task = rows
    assert metrics.explained_variance(y, y, task, definition) == 1


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_with_one_task_all_definitions_are_scikit_learns(rows, definition):
    y, predicted, task = rows
    found = metrics.explained_variance(y, predicted, np.zeros_like(task), definition)
    assert found == pytest.approx(r2_score(y, predicted))


def test_task_means_explain_nothing_inside_tasks(rows):
    y, _, task = rows
    means = np.array([y[task == t].mean() for t in range(4)])[task]
    within, per_task = (
        metrics.explained_variance(y, means, task, d) for d in ("within", "per_task")
    )
    assert within == pytest.approx(0, abs=1e-12)
    assert per_task == pytest.approx(0, abs=1e-12)
    assert metrics.explained_variance(y, means, task) > 0.8


def test_definitions_are_the_means_that_they_say(rows):
    y, predicted, task = rows
    shares = [r2_score(y[task == t], predicted[task == t]) for t in range(4)]
    spread = [np.sum((y[task == t] - y[task == t].mean()) ** 2) for t in range(4)]
    assert metrics.explained_variance(y, predicted, task) == pytest.approx(r2_score(y, predicted))
    assert metrics.explained_variance(y, predicted, task, "within") == pytest.approx(
        np.average(shares, weights=spread)
    )
    assert metrics.explained_variance(y, predicted, task, "per_task") == pytest.approx(
        np.mean(shares)
    )


def test_tasks_without_rows_do_not_count(rows):
    y, predicted, task = rows
    for definition in DEFINITIONS:
        before = metrics.explained_variance(y, predicted, task, definition)
        after = metrics.explained_variance(y, predicted, 3 * task, definition)
        assert after == pytest.approx(before)


def test_an_unknown_definition_is_refused(rows):
    with pytest.raises(ValueError, match=r"'per_task', but got 'total'"):
        metrics.explained_variance(*rows, "total")


def test_limits_of_agreement():
    found = metrics.limits_of_agreement([11, 23, 32], [10, 20, 30])
    assert found.difference.tolist() == [1, 3, 2]
    assert found.mean.tolist() == [10.5, 21.5, 31]
    assert found[2:] == pytest.approx((2, 0.04, 3.96))


def test_limits_of_agreement_hold_95_percent_of_normal_differences():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 20000))
    found = metrics.limits_of_agreement(first, second)
    inside = (found.difference > found.lower) & (found.difference < found.upper)
    assert inside.mean() == pytest.approx(0.95, abs=0.005)
