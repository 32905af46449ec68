"""Figures that more than one lecture draws."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image, display

from course_lib import metrics

STYLE = Path(__file__).with_name("course.mplstyle")


def use_style():
    """Sets the course's style for all figures that follow."""
    plt.style.use(STYLE)


def show(figure, alt):
    """Shows a figure in a notebook with a text for those who cannot see it, and closes it.

    Args:
        figure: A matplotlib figure.
        alt: What the figure shows, in words.
    """
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    plt.close(figure)
    width = round(figure.get_figwidth() * figure.dpi)
    display(Image(picture.getvalue(), width=width, alt=alt))


def training_curves(axes, losses, label="mean squared error"):
    """Draws how losses fell.

    Args:
        axes: Matplotlib axes.
        losses: Dictionary from names to losses, one an epoch.
        label: What the losses measure, with its unit.
    """
    for name, values in losses.items():
        axes.plot(np.arange(1, len(values) + 1), values, label=name)
    axes.set(xlabel="epoch", ylabel=label)
    axes.legend()


def bland_altman(axes, predicted, actual, unit):
    """Draws prediction minus label against the mean of both, with the limits of agreement.

    Bland and Altman, "Statistical methods for assessing agreement", Lancet 1986.

    Args:
        axes: Matplotlib axes.
        predicted: Predictions, `(rows,)`.
        actual: Labels, `(rows,)`.
        unit: The labels' unit.
    """
    agreement = metrics.limits_of_agreement(predicted, actual)
    axes.scatter(
        agreement.mean,
        agreement.difference,
        s=6,
        alpha=0.25,
        color="C0",
        linewidths=0,
        rasterized=True,
    )
    for value, name, line in (
        (agreement.upper, "bias + 1.96 sd", "--"),
        (agreement.bias, "bias", "-"),
        (agreement.lower, "bias − 1.96 sd", "--"),
    ):
        axes.axhline(value, color="C1", linestyle=line)
        axes.annotate(
            f"{name}: {value:+.1f}",
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            fontweight="bold",
        )
    axes.set(xlabel=f"mean of prediction and label ({unit})", ylabel=f"prediction − label ({unit})")


def task_errors(axes, sizes, errors, unit):
    """Draws each task's error against its training rows, and the median of similar tasks.

    Args:
        axes: Matplotlib axes.
        sizes: Training rows of each task, `(tasks,)`.
        errors: Dictionary from names of models to errors, `(tasks,)`.
        unit: The errors' unit.
    """
    order = np.argsort(sizes)
    groups = np.array_split(order, 8)
    for number, (name, values) in enumerate(errors.items()):
        axes.scatter(sizes, values, s=14, alpha=0.35, color=f"C{number}", linewidths=0)
        medians = [np.median(values[group]) for group in groups]
        axes.plot(
            [np.median(sizes[group]) for group in groups],
            medians,
            color=f"C{number}",
            marker="o",
            label=name,
        )
    axes.set(xlabel="training rows of the task", ylabel=f"root mean squared error ({unit})")
    axes.legend()


def scores(axes, values, label, decimals=1):
    """Draws models' scores on the same splits: a dot for each split, and the mean.

    Args:
        axes: Matplotlib axes.
        values: Dictionary from names of models to scores, one a split.
        label: What the scores measure, with its unit.
        decimals: Decimals of the means.
    """
    for row, split_scores in enumerate(values.values()):
        axes.scatter(
            split_scores, np.full(len(split_scores), row), s=40, alpha=0.4, color="C0", linewidths=0
        )
        mean = np.mean(split_scores)
        axes.plot(mean, row, marker="|", markersize=24, markeredgewidth=4, color="C1")
        axes.annotate(
            f"{mean:.{decimals}f}", (1.02, row), xycoords=("axes fraction", "data"), va="center"
        )
    axes.annotate("mean", (1.02, 1.02), xycoords="axes fraction")
    axes.set_yticks(range(len(values)), list(values))
    axes.set(xlabel=label, ylim=(len(values) - 0.5, -0.5))
