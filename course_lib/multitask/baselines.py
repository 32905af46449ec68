"""Closed forms that every network has to beat: task means and ridge regressions."""

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
