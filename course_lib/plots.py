"""Figures that more than one lecture draws."""

import base64
import html
import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import vl_convert
from IPython.display import Image, display

from course_lib import predictions

STYLE = Path(__file__).with_name("course.mplstyle")
VEGA_LITE = "5.20"  # of the versions that JupyterLab draws, the newest
READABLE = {"labelFontSize": 14, "titleFontSize": 14}  # from the last row of a class
MARKED = "background-color: #fff3bf; color: #1f2328"
TABLE_STYLES = [
    {"selector": "caption", "props": "caption-side: top; text-align: left; font-weight: bold"},
    {"selector": "th.row_heading", "props": "text-align: left"},
    {"selector": "td", "props": "text-align: right"},
]


def use_style():
    """Sets the course's style for all figures that follow."""
    plt.style.use(STYLE)


def show(figure, alt):
    """Shows a figure in a notebook with a text for those who cannot see it, and closes it.

    Args:
        figure: A matplotlib figure.
        alt: What the figure shows, in words.

    Raises:
        ValueError: if `alt` is empty.
    """
    _require_words(alt)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    plt.close(figure)
    width = round(figure.get_figwidth() * figure.dpi)
    display(Image(picture.getvalue(), width=width, alt=alt))


def _require_words(alt):
    """Raises a ValueError for a text that says nothing to those who cannot see a figure."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt should say in words what the figure shows, but is {alt!r}.")


def table(frame, caption="", decimals=1, best=None, mark=None):
    """Shows a pandas frame as a table, a model a row.

    Args:
        frame: The frame; its index names the rows. Its texts are shown as they are, not as HTML.
        caption: What the table shows, with units.
        decimals: Decimals of floats.
        best: `"max"` or `"min"`: prints the best number of each column in bold.
        mark: Label of the row to highlight, such as the class's prediction, in small or capital
            letters; None, or what is in no row, highlights none.

    Raises:
        ValueError: if `best` is something else.
    """
    if best not in (None, "max", "min"):
        raise ValueError(f"best should be 'max', 'min' or None, but is {best!r}.")
    styler = frame.style.format(precision=decimals, na_rep="–", escape="html")
    for axis in (0, 1):
        styler = styler.format_index(_label, axis=axis, escape="html")
    styler = styler.set_caption(html.escape(caption)).set_table_styles(TABLE_STYLES)
    numbers = frame.select_dtypes("number").columns
    if best is not None:
        highlight = styler.highlight_max if best == "max" else styler.highlight_min
        styler = highlight(subset=numbers, props="font-weight: bold", axis=0)
    if marked := [label for label in frame.index if predictions.same(mark, label)]:
        styler = styler.map(lambda _: MARKED, subset=(marked, frame.columns))
        styler = styler.map_index(lambda label: MARKED if predictions.same(mark, label) else "")
    display(styler)


def _label(label):
    """A row's or column's label without needless zeros: 0.05, not 0.050000."""
    return f"{label:g}" if isinstance(label, float) else label


def slider(chart, alt):
    """Shows an Altair chart that moves by sliders, live as on the published page.

    JupyterLab draws it itself, and so does the page, without Python or a network behind them.

    Args:
        chart: An Altair chart with parameters that are bound to inputs.
        alt: What it shows and what moves, in words.

    Raises:
        ValueError: if `alt` is empty.
    """
    _require_words(alt)
    chart = chart.configure_axis(**READABLE).configure_legend(**READABLE)
    spec = chart.to_dict() | {"description": alt}
    picture = vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=1.5)
    display(
        {
            "application/vnd.vegalite.v5+json": spec,
            "image/png": base64.b64encode(picture).decode(),
            "text/plain": alt,
        },
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def gain_curve(axes, gains, label):
    """Draws how gains with their 95 % intervals change, and where they are zero.

    Args:
        axes: Matplotlib axes; the horizontal axis is left to the caller.
        gains: Dictionary from names of models to a dictionary from place to a
            `metrics.PairedDifference`.
        label: What the gains measure, with its unit.
    """
    axes.axhline(0, color="0.4", linewidth=1)
    for name, curve in gains.items():
        places = sorted(curve)
        (line,) = axes.plot(places, [curve[place].mean for place in places], marker="o", label=name)
        axes.fill_between(
            places,
            [curve[place].low for place in places],
            [curve[place].high for place in places],
            color=line.get_color(),
            alpha=0.15,
            linewidth=0,
        )
    axes.set(ylabel=label)
    axes.legend()


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


def bland_altman(axes, agreement, unit):
    """Draws prediction minus label against the mean of both, with the limits of agreement.

    Bland and Altman, "Statistical methods for assessing agreement", Lancet 1986.

    Args:
        axes: Matplotlib axes.
        agreement: The `LimitsOfAgreement` of predictions and labels.
        unit: The labels' unit.
    """
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


def rooms(drawn, number=2):
    """Draws rooms with the labels of their pixels, a room a row.

    Args:
        drawn: A `datasets.pictures.rooms.Rooms`.
        number: How many rooms, the first ones.

    Returns:
        The figure.
    """
    figure, rows = plt.subplots(number, 4, figsize=(12, 2.4 * number), squeeze=False)
    for row, axes in enumerate(rows):
        seen = np.where(drawn.segmentation[row] < 0, np.nan, drawn.segmentation[row])
        axes[0].imshow(drawn.x[row])
        axes[1].imshow(seen, cmap="tab20", vmin=0, vmax=19)
        axes[2].imshow(drawn.depth[row], cmap="viridis_r", vmin=0, vmax=6)
        axes[3].imshow(np.clip(np.nan_to_num(drawn.normals[row] + 1) / 2, 0, 1))
        for ax, title in zip(axes, ("picture", "segmentation", "depth", "normals")):
            ax.set_title(title if row == 0 else "")
            ax.set_axis_off()
    return figure


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
