import json

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.classroom import lecture_cells, lectures
from course_lib.classroom.course import Course

pytestmark = pytest.mark.services

PICTURE = """
import base64
from course_lib import plots
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(2, 2))
plots.show(figure, "an <empty> figure with \\"axes\\"")
"""
CHART = """
import altair as alt, pandas as pd
from course_lib import plots
rate = alt.param(name="rate", value=1, bind=alt.binding_range(min=0, max=2, name="rate "))
chart = alt.Chart(pd.DataFrame({"x": [1, 2], "y": [1, 2]})).mark_line().encode(x="x", y="y")
plots.slider(chart.add_params(rate), "A line that does not move.")
"""
TURN = {
    "your-turn": "def double(x):\n    return ...  # your turn",
    "check": "from course_lib import turn\nturn.check(lambda: double(3) == 6, 'Twice is 2 times.')",
    "solution": "def double(x):\n    return 2 * x",
}


def code(source, *tags, folded=False, **metadata):
    cell = new_code_cell(source)
    cell.metadata.tags = list(tags)
    if folded:
        cell.metadata.jupyter = {"source_hidden": True}
    cell.metadata.update(metadata)
    return cell


def turn_cells(**changed):
    cells = [
        code(source, tag, folded=tag != "your-turn") for tag, source in (TURN | changed).items()
    ]
    for cell, tag in zip(cells, TURN):
        cell.id = f"twice-{tag}"
    return cells


@pytest.fixture
def write_lecture(tmp_path):
    """Returns a function that writes a lecture of given cells into a course, and reads it."""
    (tmp_path / "notebooks").mkdir()

    def write(*cells):
        first = new_markdown_cell(
            "# A lecture\n\nIt is short: $x^2 < y$. See [the next](02_b.ipynb#part), the "
            "[syllabus](README.md), the [lab](../labs/lab.md) and [a site](https://example.org/)."
            "\n\n<details><summary>Answer</summary>\n\nIt is *four*.\n\n</details>"
            "\n\n$$\\sum_i p_i \\log \\frac{p_i}{q_i}$$"
        )
        first.metadata.slideshow = {"slide_type": "slide", "notes": "Ask who knows **squares**."}
        parameters = code("PROFILE = SOURCE = 'none'\nSEED = 0", "parameters")
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        about = {"kernelspec": kernel, "course": {"minutes": 5, "prerequisites": ["none"]}}
        notebook = new_notebook(cells=[first, parameters, *cells], metadata=about)
        nbformat.write(notebook, tmp_path / "notebooks/01_a.ipynb")
        course = Course(tmp_path)
        (lecture,) = lectures.list_lectures(course)
        return course, lecture

    return write


def test_listing(write_lecture):
    _, lecture = write_lecture(*turn_cells())
    assert (lecture.name, lecture.title, lecture.minutes) == ("01_a", "A lecture", 5)
    assert (lecture.prerequisites, lecture.steps) == (["none"], 6)


def test_a_part_of_no_lecture_s_name_is_named(write_lecture):
    course, _ = write_lecture()
    assert [one.name for one in lectures.named(course, ["a"])] == ["01_a"]
    with pytest.raises(ValueError, match="'toxic'"):
        lectures.named(course, ["a", "toxic"])


def test_a_run_is_kept_as_notebook_page_and_figures(write_lecture):
    last = code("print(PROFILE, SOURCE, SEED)")
    last.id = "last"
    course, lecture = write_lecture(code(PICTURE), code(CHART), *turn_cells(), last)
    steps = []
    done = lectures.run(course, lecture, "full", "real", 3, step=lambda: steps.append(1))
    assert done.faults == []
    assert 0 < done.seconds < 60
    assert set(done.of_cells) > {"twice-your-turn", "twice-check", "last"}
    assert all(seconds >= 0 for seconds in done.of_cells.values())
    assert "full real 3" in done.page.read_text()
    assert [figure.read_bytes()[:4] for figure in done.figures] == [b"\x89PNG"] * 2
    assert len(steps) == lecture.steps
    source = nbformat.read(lecture.path, as_version=4)
    assert not any(cell.get("outputs") for cell in source.cells)
    kept = nbformat.read(done.page.with_suffix(".ipynb"), as_version=4)
    assert not any(lecture_cells.UNSOLVED in lecture_cells.tags(cell) for cell in kept.cells)


def test_a_page_needs_no_network(write_lecture):
    course, lecture = write_lecture(
        code("import time; print('hidden', end='\\rseen')", "hide-input", folded=True),
        code(PICTURE),
        code(CHART),
        *turn_cells(),
        code("from course_lib import claims; claims.holds(1 < 2, '1 < 2 & more')", "claim"),
    )
    page = BeautifulSoup(lectures.run(course, lecture).page.read_text(), "html.parser")
    assert page.title.text == "A lecture"
    assert not page.select("script[src], link[href]")
    assert len(page.select("math")) == 2
    assert "$" not in page.select_one(".jp-MarkdownCell").text
    assert page.select_one("img")["alt"] == 'an <empty> figure with "axes"'
    links = [link["href"] for link in page.select(".jp-MarkdownCell a:not(.anchor-link)")]
    expected = ["02_b.html#part", "index.html", "../../labs/lab.md", "https://example.org/"]
    assert links == expected
    folded = [one.text.strip() for one in page.select("details.folded > summary")]
    assert folded == ["Code", "Solution", "Code"]
    assert not page.select("details[open]")
    assert page.select_one("details:not(.folded) em").text == "four"
    assert "hidden" not in page.select_one(".jp-OutputArea-output pre").text
    assert "✓ 1 < 2 & more" in page.select_one("details.claims").text
    assert any("vegaEmbed(" in script.text for script in page.select("script"))
    index = BeautifulSoup((course.build / "lectures/index.html").read_text(), "html.parser")
    assert [link["href"] for link in index.select("a")] == ["01_a.html"]


def test_a_lecture_that_fails_is_kept_and_named(write_lecture):
    course, lecture = write_lecture(code(PICTURE), code("assert SEED < 5, 'too large a seed'"))
    done = lectures.run(course, lecture, seed=7)
    (fault,) = done.faults
    assert fault.endswith("AssertionError: too large a seed")
    assert "too large a seed" in done.page.read_text()
    assert len(done.figures) == 1


def test_a_claim_that_does_not_hold_fails_at_the_end_and_is_named(write_lecture):
    course, lecture = write_lecture(
        code("from course_lib import claims"),
        code("claims.holds(SEED == 0, 'The seed is zero')", "claim"),
        code("claims.holds(True, 'Truth holds'); print('went on')", "claim"),
    )
    assert lectures.run(course, lecture, seed=0).faults == []
    done = lectures.run(course, lecture, seed=1)
    assert done.faults == ["claim does not hold: The seed is zero"]
    assert "went on" in done.page.read_text()
    assert "✗ The seed is zero" in done.page.read_text()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"your-turn": TURN["solution"]}, "content with the hole"),
        ({"solution": TURN["your-turn"]}, "not content with the solution"),
        ({"check": "double"}, "calls no turn.check"),
    ],
)
def test_an_exercise_whose_check_is_wrong_is_a_fault(write_lecture, changed, fault):
    course, lecture = write_lecture(*turn_cells(**changed))
    assert any(fault in found for found in lectures.run(course, lecture).faults)


@pytest.mark.parametrize("left_out", range(3))
def test_an_exercise_has_its_three_cells(left_out):
    cells = turn_cells()
    del cells[left_out]
    with pytest.raises(ValueError, match="followed by"):
        lecture_cells.turns(cells)


def test_the_tutor_s_version_has_solutions_open_and_notes_visible(write_lecture):
    course, lecture = write_lecture(*turn_cells())
    notebook, page = lectures.write_tutor_version(course, lecture)
    cells = nbformat.read(notebook, as_version=4).cells
    assert "Ask who knows" in cells[1].source
    assert cells[1].metadata.slideshow.slide_type == "notes"
    (solution,) = [cell for cell in cells if "solution" in lecture_cells.tags(cell)]
    assert not solution.metadata.jupyter.source_hidden
    soup = BeautifulSoup(page.read_text(), "html.parser")
    assert "squares" in soup.select_one(".speaker-notes strong").text
    assert "Ask who knows" not in json.dumps(
        [cell.source for cell in nbformat.read(lecture.path, as_version=4).cells]
    )


def test_a_working_copy_keeps_what_was_typed_into_it(write_lecture):
    course, lecture = write_lecture()
    copy = lectures.working_copy(course) / lecture.path.name
    copy.write_text("typed in class")
    lectures.working_copy(course)
    assert copy.read_text() == "typed in class"
    assert lecture.path.read_text() != "typed in class"
    lectures.working_copy(course, fresh=True)
    assert copy.read_text() == lecture.path.read_text()
