import numpy as np
import pytest
from matplotlib.figure import Figure

from course_lib import plots


@pytest.fixture
def axes():
    plots.use_style()
    return Figure().subplots()


def test_every_figure_says_what_its_axes_measure(axes):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50))
    draws = {
        "training_curves": ({"a": [3, 2, 1], "b": [2, 1, 1]},),
        "bland_altman": (first, second, "points"),
        "task_errors": (rng.integers(10, 90, 50), {"a": first**2, "b": second**2}, "points"),
        "scores": ({"a": first, "b": second}, "explained variance (%)"),
    }
    for name, arguments in draws.items():
        axes.clear()
        getattr(plots, name)(axes, *arguments)
        assert axes.get_xlabel(), name
        assert axes.get_ylabel() or [tick.get_text() for tick in axes.get_yticklabels()], name


def test_the_bland_altman_plot_writes_its_numbers_down(axes):
    plots.bland_altman(axes, [11, 23, 32], [10, 20, 30], "points")
    words = [text.get_text() for text in axes.texts]
    assert words == ["bias + 1.96 sd: +4.0", "bias: +2.0", "bias − 1.96 sd: +0.0"]


def test_scores_are_drawn_with_their_means(axes):
    plots.scores(axes, {"a": [1, 3], "b": [4, 5]}, "score", decimals=2)
    assert [text.get_text() for text in axes.texts] == ["2.00", "4.50", "mean"]


def test_a_shown_figure_has_a_text_for_those_who_cannot_see_it(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", shown.append)
    plots.show(plots.plt.figure(), "nothing yet")
    assert shown[0]._repr_mimebundle_()[1]["image/png"]["alt"] == "nothing yet"
    assert not plots.plt.get_fignums()


def test_lines_differ_in_more_than_colour():
    with plots.plt.style.context(plots.STYLE):
        cycle = list(plots.plt.rcParams["axes.prop_cycle"])
    assert len({str(style["linestyle"]) for style in cycle}) == len(cycle)
