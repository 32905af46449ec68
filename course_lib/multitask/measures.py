"""Measures that compare a model with labels, or one model for all tasks with one for each."""

from typing import NamedTuple

import numpy as np


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
