"""What a class can follow: budgets, sections and exercises of each lecture; quoted numbers."""

import ast
import re
import statistics
from collections import Counter

import nbformat
import numpy as np
import pytest

from classroom.catalogue import lectures as catalogue
from classroom.catalogue.turns import tags, turns
from classroom.course import Course
from course_lib import metrics, records

COURSE = Course.find(__file__)
NOT_YET = {"01", "02", "03", "04", "05", "06", "07", "08"}  # these are to be rewritten
LECTURES = [lec for lec in catalogue.list_lectures(COURSE) if lec.name[:2] not in NOT_YET]

PARTS = (
    "## Questions",
    "## In this notebook we have",
    "## Check yourself",
    "## Now you",
    "## References",
)
SHOWN_PER_CELL, SHOWN_MEDIAN, SHOWN = 20, 8, 250
FOLDED_PER_CELL, FOLDED = 25, 150
HOLE, CLAIM = 5, 3
FOLDED_TAGS = {"hide-input", "claim", "check", "solution"}

each_lecture = pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)


def cells(lecture, kind="code"):
    notebook = nbformat.read(lecture.path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def is_folded(cell):
    return bool(tags(cell) & FOLDED_TAGS)


def calls(cell):
    """The calls in a cell, as pairs of the function's name and the call."""
    nodes = ast.walk(ast.parse(cell.source))
    return [(ast.unparse(node.func), node) for node in nodes if isinstance(node, ast.Call)]


def text(lecture):
    return "\n\n".join(cell.source for cell in cells(lecture, "markdown"))


@each_lecture
def test_budgets(lecture):
    shown = {cell.id: lines(cell) for cell in cells(lecture) if not is_folded(cell)}
    folded = {cell.id: lines(cell) for cell in cells(lecture) if is_folded(cell)}
    assert {name: n for name, n in shown.items() if n > SHOWN_PER_CELL} == {}
    assert statistics.median(shown.values()) <= SHOWN_MEDIAN
    assert sum(shown.values()) <= SHOWN
    assert {name: n for name, n in folded.items() if n > FOLDED_PER_CELL} == {}
    assert sum(folded.values()) <= FOLDED


@each_lecture
def test_folded_cells_are_folded_everywhere(lecture):
    for cell in cells(lecture):
        hidden = bool(cell.metadata.get("jupyter", {}).get("source_hidden"))
        assert hidden == is_folded(cell) == ("hide-input" in tags(cell)), cell.id


@each_lecture
def test_claims_are_short_and_folded(lecture):
    claimed = [cell for cell in cells(lecture) if "claim" in tags(cell)]
    assert claimed
    for statement in [one for cell in claimed for one in ast.parse(cell.source).body]:
        code = ast.unparse(statement)
        assert code.startswith("claims.holds(")
        condition, claim = statement.value.args
        assert claim.end_lineno - condition.lineno < CLAIM, code
    for cell in cells(lecture):
        named = {name for name, _ in calls(cell)}
        assert "claim" in tags(cell) or "claims.holds" not in named, cell.id


@each_lecture
def test_prose_is_markdown(lecture):
    for cell in cells(lecture):
        assert not re.search(r"Markdown\(|display\(HTML", cell.source), cell.id
        assert not re.search(r"^\s*assert ", cell.source, re.MULTILINE), cell.id


@each_lecture
def test_exercises_predictions_and_a_slider(lecture):
    notebook = nbformat.read(lecture.path, as_version=4)
    exercises = turns(notebook.cells)
    assert 2 <= len(exercises) <= 3
    for turn in exercises:
        hole, solution = (notebook.cells[place].source for place in (turn.hole, turn.solution))
        missing = Counter(solution.splitlines()) - Counter(hole.splitlines())
        assert 1 <= missing.total() <= HOLE
    code = cells(lecture)
    assert any(name == "plots.slider" for cell in code for name, _ in calls(cell))
    predicted = {name for cell in code if "prediction" in tags(cell) for name in assigned(cell)}
    assert predicted
    assert predicted <= {name for cell in code for name in compared(cell)}


def assigned(cell):
    """Names that a cell gives values to."""
    nodes = ast.walk(ast.parse(cell.source))
    return {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def compared(cell):
    """Names of predictions that a cell shows beside a result, or marks in a table."""
    for name, call in calls(cell):
        marked = [keyword.value for keyword in call.keywords if keyword.arg == "mark"]
        for value in call.args[:1] * (name == "predictions.beside") + marked:
            yield ast.unparse(value)


@each_lecture
def test_figures_have_words_for_those_who_cannot_see_them(lecture):
    for cell in cells(lecture):
        for name, call in calls(cell):
            assert not name.endswith("plt.show"), cell.id
            if name in ("plots.show", "plots.slider"):
                given = [*call.args[1:], *(word.value for word in call.keywords)]
                words = [alt.value.strip() for alt in given if isinstance(alt, ast.Constant)]
                assert given, cell.id
                assert all(words), cell.id


@each_lecture
def test_parts_are_in_their_order(lecture):
    headings = re.findall(r"^## .*", text(lecture), re.MULTILINE)
    assert [heading for heading in headings if heading in PARTS] == list(PARTS)
    assert headings[0] == PARTS[0]
    assert headings[-4:] == list(PARTS[1:])


@each_lecture
def test_a_lecture_has_experiments_and_draws_their_record(lecture):
    _, _, topic = lecture.name.partition("_")
    assert (COURSE.root / "course_lib" / "experiments" / f"{topic}.py").is_file()
    assert (COURSE.root / "data" / "records" / f"{lecture.name}.jsonl").is_file()
    code = [ast.unparse(call) for cell in cells(lecture) for _, call in calls(cell)]
    assert f"records.load({lecture.name!r})" in code


@each_lecture
def test_sections_have_minutes_that_add_up_and_notes(lecture):
    minutes = re.findall(r"^## .*\n+\*(\d+) minutes\*", text(lecture), re.MULTILINE)
    assert len(minutes) >= 4
    assert sum(map(int, minutes)) == lecture.minutes
    notebook = nbformat.read(lecture.path, as_version=4)
    noted = [cell for cell in notebook.cells if cell.metadata.get("slideshow", {}).get("notes")]
    assert len(noted) >= len(minutes)


@each_lecture
def test_a_trap_has_its_wrong_line_struck_out(lecture):
    for box in re.findall(r"^> \*\*Trap.*(?:\n>.*)*", text(lecture), re.MULTILINE):
        assert "~~" in box or "<del>" in box, box


@each_lecture
def test_quoted_numbers_are_those_of_the_record(lecture):
    notebook = nbformat.read(lecture.path, as_version=4)
    quoted = notebook.metadata.course.get("quoted", {})
    prose = text(lecture).replace("−", "-")
    for written, expression in quoted.items():
        number = written.replace("−", "-")
        whole = rf"(?<![\d.,]){re.escape(number)}(?!\d|[.,]\d)"
        assert re.search(whole, prose), f"{written} is not in the prose"
        decimals = len(number.partition(".")[2])
        frame = records.load(lecture.name)
        value = eval(expression, {"frame": frame, "metrics": metrics, "np": np})
        assert f"{value:.{decimals}f}" == number.lstrip("+"), expression
