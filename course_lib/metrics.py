"""Measures of error and of gain for several tasks."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats


def rmse(y_true, y_pred):
    """Root mean squared error, in the labels' unit.

    Args:
        y_true: Labels, `(rows,)`.
        y_pred: Predictions, `(rows,)`.

    Returns:
        A float.
    """
    return float(np.sqrt(np.mean((np.asarray(y_true) - y_pred) ** 2)))


def standardized_mse(y_true, y_pred, y_train):
    """Mean squared error in units of the training labels' variance.

    Args:
        y_true: Labels, `(rows,)`.
        y_pred: Predictions, `(rows,)`.
        y_train: Labels of the training rows; labels of test rows must have no say in the unit.

    Returns:
        A float.
    """
    return float(np.mean((np.asarray(y_true) - y_pred) ** 2) / np.var(y_train))


def explained_variance(y_true, y_pred, task, definition="pooled"):
    """Share of the labels' variance that predictions explain, in one of three definitions.

    - `"pooled"`: 1 − Σ(y − p)² / Σ(y − ȳ)² over all rows, with ȳ the mean of all. Knowing only each
      task's mean counts as explaining something. Evgeniou, Micchelli and Pontil (2005) report this
      one.
    - `"within"`: the same with each task's own mean ȳ_t in place of ȳ: only what is explained
      inside tasks counts, and a task weighs as much as its labels vary.
    - `"per_task"`: the mean over tasks of 1 − Σ(y − p)² / Σ(y − ȳ_t)²: all tasks count the same, so
      small ones set the tone.

    All three agree for one task, are 1 for a perfect prediction, and may be negative.

    Args:
        y_true: Labels, `(rows,)`.
        y_pred: Predictions, `(rows,)`.
        task: Number of each row's task, `(rows,)` integer. Tasks without rows do not count; for
            `"per_task"` each task needs labels that vary.
        definition: `"pooled"`, `"within"` or `"per_task"`.

    Returns:
        A float, at most 1.

    Raises:
        ValueError: for another definition.
    """
    y_true, task = np.asarray(y_true, "float64"), np.asarray(task)
    rows = np.bincount(task)
    means = np.bincount(task, weights=y_true) / np.maximum(rows, 1)
    errors = (y_true - y_pred) ** 2
    spread = (y_true - means[task]) ** 2
    if definition == "pooled":
        return float(1 - errors.mean() / y_true.var())
    if definition == "within":
        return float(1 - errors.sum() / spread.sum())
    if definition == "per_task":
        present = rows > 0
        ratio = (
            np.bincount(task, weights=errors)[present] / np.bincount(task, weights=spread)[present]
        )
        return float(np.mean(1 - ratio))
    raise ValueError(f"definition is 'pooled', 'within' or 'per_task', but got {definition!r}.")


class PairedDifference(NamedTuple):
    """Mean difference of two models over paired seeds or splits, with its 95 % interval.

    Attributes:
        mean: Mean difference, in the measure's unit.
        low: Lower end of the interval.
        high: Upper end.
        pairs: Number of pairs.
    """

    mean: float
    low: float
    high: float
    pairs: int

    @property
    def better(self):
        """Whether the interval lies above zero."""
        return self.low > 0

    @property
    def worse(self):
        """Whether the interval lies below zero."""
        return self.high < 0

    def __str__(self):
        return f"{self:.1f}"

    def __format__(self, spec):
        spec = spec.lstrip("+") or ".1f"  # the sign is always shown
        numbers = [format(value, f"+{spec}") for value in (self.mean, self.low, self.high)]
        return "{} ({} to {})".format(*(number.replace("-", "−") for number in numbers))


def paired_difference(ours, rival):
    """The course's one rule for verdicts: the paired difference with its 95 % t interval.

    One model is called better than another only where the interval is off zero. Measures where
    less is better are passed in the other order. The interval assumes that pairs are independent;
    splits that share training rows are not quite, so theirs is somewhat too narrow. Where both
    numbers of a pair agree up to rounding, their difference counts as zero.

    Args:
        ours: The model's measure on each seed, `(pairs,)`.
        rival: The rival's on the same seeds, in the same order, `(pairs,)`.

    Returns:
        A `PairedDifference` of `ours` minus `rival`.

    Raises:
        ValueError: if the two differ in length, hold fewer than two pairs, miss a value, or are
            pandas series with different indexes.
    """
    indexes = [values.index for values in (ours, rival) if isinstance(values, pd.Series)]
    ours, rival = np.asarray(ours, "float64"), np.asarray(rival, "float64")
    if ours.ndim != 1 or ours.shape != rival.shape or len(ours) < 2:
        raise ValueError(
            "ours and rival should be two lists of the same length, of two pairs at least, but "
            f"have shapes {ours.shape} and {rival.shape}."
        )
    if len(indexes) == 2 and not indexes[0].equals(indexes[1]):
        pair = np.argmax(indexes[0] != indexes[1])
        raise ValueError(
            f"Pairs should have the same index in both series, but pair {pair} has "
            f"{indexes[0][pair]} in ours and {indexes[1][pair]} in rival. Take both from one "
            'frame with a row per seed: `frame.pivot(index="seed", columns="method", values=…)`.'
        )
    differences = ours - rival
    if not np.isfinite(differences).all():
        pair = np.argmin(np.isfinite(differences))
        raise ValueError(
            f"Each pair needs two finite numbers, but pair {pair} is {ours[pair]} and "
            f"{rival[pair]}."
        )
    rounding = 1e-9 * np.maximum(np.abs(ours), np.abs(rival))
    differences = np.where(np.abs(differences) < rounding, 0.0, differences)
    mean = differences.mean()
    error = stats.sem(differences) * stats.t.ppf(0.975, len(differences) - 1)
    return PairedDifference(float(mean), float(mean - error), float(mean + error), len(ours))
