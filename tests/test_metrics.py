import numpy as np
import pandas as pd
import pytest
from scipy import stats
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


def test_paired_difference_has_the_t_interval_of_a_textbook():
    ours, rival = [66.0, 64.0, 63.0, 65.0, 68.0], [61.0, 60.5, 57.7, 62.0, 66.0]
    difference = metrics.paired_difference(ours, rival)
    expected = stats.ttest_rel(ours, rival).confidence_interval(0.95)
    assert difference.mean == pytest.approx(3.76)
    assert (difference.low, difference.high) == pytest.approx((expected.low, expected.high))
    assert difference.pairs == 5
    assert difference.better
    assert not difference.worse
    assert metrics.paired_difference(rival, ours).worse


def test_a_difference_whose_interval_holds_zero_is_neither_better_nor_worse():
    difference = metrics.paired_difference([1.0, 2.0, 3.0], [0.0, 3.0, 1.0])
    assert difference.mean > 0
    assert not difference.better
    assert not difference.worse
    assert str(difference) == "+0.7 (−3.1 to +4.5)"
    assert f"{difference:.2f}".startswith("+0.67 (−3.13")
    assert f"{difference:+.2f}" == f"{difference:.2f}"
    assert f"{difference:+}" == str(difference)


def test_rounding_is_no_difference():
    for factor in (1e-6, 1, 1e6):
        ours, rival = [factor * (0.1 + 0.2)] * 5, [factor * 0.3] * 5
        assert metrics.paired_difference(ours, rival)[:3] == (0, 0, 0)
    assert metrics.paired_difference([1 + 1e-6] * 5, [1.0] * 5).better
    assert metrics.paired_difference([1e-12] * 5, [0.0] * 5).better


def test_series_are_paired_by_their_index():
    ours = pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2])
    rival = pd.Series([0.0, 1.0, 2.0], index=[0, 1, 2])
    assert metrics.paired_difference(ours, rival).mean == pytest.approx(4 / 3)
    assert metrics.paired_difference(ours, rival.tolist()).mean == pytest.approx(4 / 3)
    with pytest.raises(ValueError, match=r"pair 0 has 0 in ours and 2 in rival"):
        metrics.paired_difference(ours, rival[::-1])


def test_the_interval_covers_the_truth_in_95_of_100_draws():
    rng = np.random.default_rng(0)
    draws = rng.normal(0.3, 1.0, (4000, 5))
    differences = [metrics.paired_difference(draw, np.zeros(5)) for draw in draws]
    covered = np.mean([d.low < 0.3 < d.high for d in differences])
    assert covered == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("ours", "rival", "message"),
    [
        ([1.0, 2.0], [1.0], "same length"),
        ([1.0], [2.0], "two pairs"),
        ([[1.0, 2.0]], [[1.0, 2.0]], "shapes"),
        ([1.0, np.nan], [1.0, 2.0], "pair 1 is nan and 2.0"),
    ],
)
def test_pairs_that_cannot_be_compared_are_refused(ours, rival, message):
    with pytest.raises(ValueError, match=message):
        metrics.paired_difference(ours, rival)
