import base64

import altair as alt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

from course_lib import metrics, plots
from course_lib.multitask.baselines import limits_of_agreement

BACKGROUND = plots.MARKED.split(";")[0]  # of a row that is marked


@pytest.fixture
def axes():
    plots.use_style()
    return Figure().subplots()


def test_every_figure_says_what_its_axes_measure(axes):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50))
    draws = {
        "training_curves": ({"a": [3, 2, 1], "b": [2, 1, 1]},),
        "bland_altman": (limits_of_agreement(first, second), "points"),
        "task_errors": (rng.integers(10, 90, 50), {"a": first**2, "b": second**2}, "points"),
        "scores": ({"a": first, "b": second}, "explained variance (%)"),
    }
    for name, arguments in draws.items():
        axes.clear()
        getattr(plots, name)(axes, *arguments)
        assert axes.get_xlabel(), name
        assert axes.get_ylabel() or [tick.get_text() for tick in axes.get_yticklabels()], name


def test_the_bland_altman_plot_writes_its_numbers_down(axes):
    plots.bland_altman(axes, limits_of_agreement([11, 23, 32], [10, 20, 30]), "points")
    words = [text.get_text() for text in axes.texts]
    assert words == ["bias + 1.96 sd: +4.0", "bias: +2.0", "bias − 1.96 sd: +0.0"]


def test_scores_are_drawn_with_their_means(axes):
    plots.scores(axes, {"a": [1, 1, 4], "b": [4, 5]}, "score", decimals=2)
    assert [text.get_text() for text in axes.texts] == ["2.00", "4.50", "mean"]


def test_training_curves_begin_after_the_first_epoch(axes):
    plots.training_curves(axes, {"a": [3.0, 2.0, 1.0]})
    (line,) = axes.get_lines()
    assert line.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]


def test_medians_are_those_of_tasks_of_similar_size(axes):
    sizes = np.random.default_rng(0).permutation(np.arange(24))
    plots.task_errors(axes, sizes, {"a": 100.0 - sizes}, "points")
    (line,) = axes.get_lines()
    middles = np.arange(1, 24, 3)  # of eight groups of three sizes
    assert line.get_xdata().tolist() == middles.tolist()
    assert line.get_ydata().tolist() == (100 - middles).tolist()


def test_a_shown_figure_has_a_text_for_those_who_cannot_see_it(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", shown.append)
    plots.show(plots.plt.figure(), "nothing yet")
    assert shown[0]._repr_mimebundle_()[1]["image/png"]["alt"] == "nothing yet"
    assert not plots.plt.get_fignums()


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_words_is_an_error(alt):
    for show in (plots.show, plots.slider):
        with pytest.raises(ValueError, match=f"but is {alt!r}"):
            show(None, alt)


def test_lines_differ_in_more_than_colour():
    with plots.plt.style.context(plots.STYLE):
        cycle = list(plots.plt.rcParams["axes.prop_cycle"])
    assert len({str(style["linestyle"]) for style in cycle}) == len(cycle)


@pytest.fixture
def shown(monkeypatch):
    """List of what is displayed, with its options."""
    found = []
    monkeypatch.setattr(plots, "display", lambda thing, **options: found.append((thing, options)))
    return found


def test_a_table_prints_the_best_in_bold_and_marks_a_row(shown):
    frame = pd.DataFrame({"accuracy": [60.04, 64.51], "kind": ["a", "b"]}, index=["alone", "hard"])
    plots.table(frame, "Accuracy in %", best="max", mark="hard")
    page = BeautifulSoup(shown[0][0].to_html(), "html.parser")
    assert page.caption.text == "Accuracy in %"
    assert [cell.text for cell in page.select("td.col0")] == ["60.0", "64.5"]
    style = page.style.text.replace("\n", " ")
    rules = [rule for rule in style.split("}") if "row1_col0" in rule]
    bold = next(rule for rule in rules if "font-weight: bold" in rule)
    assert "row0_col0" not in bold
    marked = [rule for rule in style.split("}") if BACKGROUND in rule]
    assert marked
    assert all("row0" not in rule for rule in marked)


@pytest.mark.parametrize("mark", [..., None, ["only"], np.array(["only", "x"]), {"only": 1}])
def test_a_mark_that_is_in_no_row_is_no_error(shown, mark):
    plots.table(pd.DataFrame({"x": [1.0]}, index=["only"]), mark=mark)
    assert BACKGROUND not in shown[0][0].to_html()


def test_a_mark_is_found_as_people_write_it(shown):
    plots.table(pd.DataFrame({"x": [1.0, 2.0]}, index=["only", "MTAN"]), mark=" mtan")
    assert BACKGROUND in shown[0][0].to_html()


def test_the_best_of_errors_is_the_smallest(shown):
    plots.table(pd.DataFrame({"error": [2.0, 1.0]}, index=["alone", "hard"]), best="min")
    style = BeautifulSoup(shown[0][0].to_html(), "html.parser").style.text
    bold = next(rule for rule in style.split("}") if "font-weight: bold" in rule and "row" in rule)
    assert "row1_col0" in bold
    assert "row0_col0" not in bold


def test_the_best_of_a_table_is_the_largest_or_the_smallest():
    with pytest.raises(ValueError, match="'maximum'"):
        plots.table(pd.DataFrame({"x": [1.0, 2.0]}), best="maximum")


def test_a_table_shows_texts_as_they_are(shown):
    frame = pd.DataFrame({"<i>x</i>": ["<b>1</b>"], 0.05: [2.34]}, index=["a < b & c"])
    plots.table(frame, "p < 0.05 & <u>all</u>", decimals=1)
    page = BeautifulSoup(shown[0][0].to_html(), "html.parser")
    assert page.caption.text == "p < 0.05 & <u>all</u>"
    texts = [cell.text for cell in page.select("th.col_heading, th.row_heading, td")]
    assert texts == ["<i>x</i>", "0.05", "a < b & c", "<b>1</b>", "2.3"]


def test_a_slider_goes_out_as_chart_picture_and_words(shown):
    rate = alt.param(name="rate", value=1, bind=alt.binding_range(min=0, max=2))
    chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x").add_params(rate)
    plots.slider(chart, "Two points.")
    bundle, options = shown[0]
    spec = bundle["application/vnd.vegalite.v5+json"]
    assert "/v5." in spec["$schema"]
    assert spec["params"][0]["bind"]["input"] == "range"
    assert spec["description"] == bundle["text/plain"] == "Two points."
    assert base64.b64decode(bundle["image/png"])[:4] == b"\x89PNG"
    assert options["metadata"]["image/png"]["alt"] == "Two points."


def test_a_gain_curve_has_a_line_and_an_interval_for_each_model(axes):
    gain = metrics.paired_difference([2.0, 3.0], [1.0, 1.0])
    plots.gain_curve(axes, {"hard": {20: gain, 5: gain}, "soft": {5: gain}}, "gain (points)")
    lines = {line.get_label(): line for line in axes.get_lines()[1:]}
    assert list(lines["hard"].get_xdata()) == [5, 20]
    assert lines["hard"].get_ydata()[0] == pytest.approx(1.5)
    assert len(axes.collections) == 2
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((gain.low, gain.high))
    assert axes.get_ylabel() == "gain (points)"
