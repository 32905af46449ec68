"""What networks are held against: closed forms that they have to beat, and measures of both.

Task means and ridge regressions; limits of agreement with labels; the gain over single tasks.
"""

from typing import NamedTuple

import numpy as np


def task_means(task, y, tasks):
    """The mean label of each task.

    Args:
        task: Number of each row's task, `(rows,)` integer.
        y: Labels, `(rows,)`.
        tasks: Number of tasks.

    Returns:
        Means, `(tasks,)`; a task without rows gets the mean of all labels.
    """
    rows = np.bincount(task, minlength=tasks)
    sums = np.bincount(task, weights=y, minlength=tasks)
    return np.where(rows > 0, sums / np.maximum(rows, 1), np.mean(y))


def _rows_of_tasks(task, tasks):
    """Row numbers of each task, a list of `tasks` arrays."""
    return np.split(
        np.argsort(task, kind="stable"), np.cumsum(np.bincount(task, minlength=tasks))[:-1]
    )


def ridge(x, y, penalty):
    """Ridge regression: min_w ‖y − x w‖² + penalty ‖w‖² (Hoerl and Kennard, 1970).

    Args:
        x: Features, `(rows, features)`.
        y: Labels, `(rows,)`.
        penalty: Weight of the squares of all coefficients.

    Returns:
        Coefficients, `(features,)`.
    """
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)


def separate_ridge(x, task, y, tasks, penalty):
    """A ridge regression of its own for every task.

    Args:
        x: Features, `(rows, features)`.
        task: Number of each row's task, `(rows,)` integer.
        y: Labels, `(rows,)`.
        tasks: Number of tasks.
        penalty: Weight of the squares of all coefficients, above zero.

    Returns:
        Coefficients, `(tasks, features)`.
    """
    return np.stack([ridge(x[rows], y[rows], penalty) for rows in _rows_of_tasks(task, tasks)])


def shared_plus_own_ridge(x, task, y, tasks, penalty):
    """Linear models w₀ + v_t: min Σ_t ‖y_t − x_t (w₀ + v_t)‖² + penalty Σ_t ‖v_t‖², in closed form.

    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004. For a given w₀ each v_t is a
    ridge regression of what w₀ leaves over; put into the sum, that leaves one linear system for w₀.

    Args:
        x: Features, `(rows, features)`.
        task: Number of each row's task, `(rows,)` integer.
        y: Labels, `(rows,)`.
        tasks: Number of tasks.
        penalty: Weight of the squares of all v_t, above zero. w₀ is not penalised.

    Returns:
        Coefficients w₀ + v_t, `(tasks, features)`.
    """
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    rows_of_tasks = _rows_of_tasks(task, tasks)
    grams = np.stack([x[rows].T @ x[rows] for rows in rows_of_tasks])
    moments = np.stack([x[rows].T @ y[rows] for rows in rows_of_tasks])
    solve = np.linalg.inv(grams + penalty * np.eye(x.shape[1]))
    left = np.sum(grams - grams @ solve @ grams, axis=0)
    right = np.sum(moments - (grams @ solve @ moments[..., None])[..., 0], axis=0)
    shared = np.linalg.lstsq(left, right, rcond=None)[
        0
    ]  # indicator columns that sum to one leave it singular
    return shared + (solve @ (moments - grams @ shared)[..., None])[..., 0]


def predict(coefficients, x, task):
    """Predictions of linear models, one a task.

    Args:
        coefficients: Coefficients, `(tasks, features)`.
        x: Features, `(rows, features)`.
        task: Number of each row's task, `(rows,)` integer.

    Returns:
        Predictions, `(rows,)`.
    """
    return np.sum(x * coefficients[task], axis=1)


def choose_penalty(fit, x, task, y, penalties, folds):
    """Chooses the penalty with the smallest mean squared error on held-out training rows.

    Args:
        fit: Function of `x, task, y, penalty` that returns coefficients `(tasks, features)`.
        x: Features of the training rows, `(rows, features)`.
        task: Number of each row's task, `(rows,)` integer.
        y: Labels, `(rows,)`.
        penalties: Penalties to choose from.
        folds: Pairs of row numbers `(fit, held out)`, as scikit-learn's splitters give them.

    Returns:
        One of `penalties`.
    """
    folds = list(folds)

    def error(penalty):
        return np.mean(
            [
                np.mean(
                    (
                        y[out]
                        - predict(fit(x[rows], task[rows], y[rows], penalty), x[out], task[out])
                    )
                    ** 2
                )
                for rows, out in folds
            ]
        )

    return min(penalties, key=error)


class LimitsOfAgreement(NamedTuple):
    """What a Bland–Altman plot draws.

    Attributes:
        mean: Mean of both measurements of each case, `(rows,)`.
        difference: First minus second measurement of each case, `(rows,)`.
        bias: Mean difference.
        lower: Bias − 1.96 standard deviations of the differences.
        upper: Bias + 1.96 standard deviations; about 95 % of normal differences lie between the
            two.
    """

    mean: np.ndarray
    difference: np.ndarray
    bias: float
    lower: float
    upper: float


def limits_of_agreement(first, second):
    """How far two measurements of the same cases agree (Bland and Altman, Lancet 1986).

    Args:
        first: Measurements, `(rows,)`, for example predictions.
        second: Other measurements of the same cases, `(rows,)`, for example labels.

    Returns:
        A `LimitsOfAgreement`, in the measurements' unit. The standard deviation is the sample's (n
        − 1).
    """
    first, second = np.asarray(first, "float64"), np.asarray(second, "float64")
    difference = first - second
    bias, deviation = float(difference.mean()), float(difference.std(ddof=1))
    return LimitsOfAgreement(
        (first + second) / 2, difference, bias, bias - 1.96 * deviation, bias + 1.96 * deviation
    )


def relative_gain(several, single, lower_is_better):
    """Δ_p: by how much a multi-task model is better than single-task ones, on average over tasks.

    The mean over tasks of (M − S) / S for its measure M and the single-task model's S, with the
    sign turned where less is better. Maninis, Radosavovic and Kokkinos, "Attentive single-tasking
    of multiple tasks", CVPR 2019.

    Args:
        several: Dictionary from task to the multi-task model's measure.
        single: The same of single-task models, not zero.
        lower_is_better: Dictionary from task to whether a lower measure is better.

    Returns:
        A float; 0.05 is a mean gain of 5 %.

    Raises:
        ValueError: if the three name different tasks.
    """
    if not set(several) == set(single) == set(lower_is_better):
        raise ValueError(
            "several, single and lower_is_better should name the same tasks, but they name "
            f"{sorted(several)}, {sorted(single)} and {sorted(lower_is_better)}."
        )
    gains = {task: (several[task] - single[task]) / abs(single[task]) for task in several}
    return float(np.mean([-g if lower_is_better[task] else g for task, g in gains.items()]))
