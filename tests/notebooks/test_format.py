"""What a class can follow: budgets, sections and exercises of each lecture; quoted numbers."""

import re
import statistics

import nbformat
import numpy as np
import pytest

from course_lib import metrics, records
from course_lib.classroom import lecture_cells, lectures
from course_lib.classroom.course import Course
from course_lib.classroom.lecture_cells import tags

COURSE = Course.find(__file__)
NOT_YET = {"01", "02", "03", "04", "05", "06", "07", "08"}  # these are to be rewritten
LECTURES = [lec for lec in lectures.list_lectures(COURSE) if lec.name[:2] not in NOT_YET]

SHOWN_PER_CELL, SHOWN_MEDIAN, SHOWN = 20, 8, 250
FOLDED_PER_CELL, FOLDED = 25, 150
HOLE = 5
FOLDED_TAGS = {"hide-input", "claim", "check", "solution"}

each_lecture = pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)


def cells(lecture, kind="code"):
    notebook = nbformat.read(lecture.path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def lines(cell):
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def is_folded(cell):
    return bool(tags(cell) & FOLDED_TAGS)


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
    for cell in claimed:
        assert cell.source.startswith("claims.holds("), cell.id
    for cell in cells(lecture):
        assert "claim" in tags(cell) or "claims.holds" not in cell.source, cell.id


@each_lecture
def test_prose_is_markdown(lecture):
    for cell in cells(lecture):
        assert not re.search(r"Markdown\(|display\(HTML", cell.source), cell.id
        assert not re.search(r"^\s*assert ", cell.source, re.MULTILINE), cell.id


@each_lecture
def test_exercises_predictions_and_a_slider(lecture):
    notebook = nbformat.read(lecture.path, as_version=4)
    turns = lecture_cells.turns(notebook.cells)
    assert 2 <= len(turns) <= 3
    for turn in turns:
        hole, solution = (notebook.cells[place].source for place in (turn.hole, turn.solution))
        missing = set(solution.splitlines()) - set(hole.splitlines())
        assert 1 <= len(missing) <= HOLE
    code = cells(lecture)
    assert any("prediction" in tags(cell) for cell in code)
    assert any("predictions.beside(" in cell.source or "mark=" in cell.source for cell in code)
    assert any("plots.slider(" in cell.source for cell in code)


@each_lecture
def test_sections_have_minutes_that_add_up_and_notes(lecture):
    text = "\n\n".join(cell.source for cell in cells(lecture, "markdown"))
    minutes = [
        int(found) for found in re.findall(r"^## .*\n+\*(\d+) minutes\*", text, re.MULTILINE)
    ]
    assert len(minutes) >= 4
    assert sum(minutes) == lecture.minutes
    notebook = nbformat.read(lecture.path, as_version=4)
    noted = [cell for cell in notebook.cells if cell.metadata.get("slideshow", {}).get("notes")]
    assert len(noted) >= len(minutes)


@each_lecture
def test_a_trap_has_its_wrong_line_struck_out(lecture):
    text = "\n\n".join(cell.source for cell in cells(lecture, "markdown"))
    for box in re.findall(r"^> \*\*Trap.*(?:\n>.*)*", text, re.MULTILINE):
        assert "~~" in box or "<del>" in box, box


@each_lecture
def test_quoted_numbers_are_those_of_the_record(lecture):
    notebook = nbformat.read(lecture.path, as_version=4)
    quoted = notebook.metadata.course.get("quoted", {})
    prose = "\n\n".join(cell.source for cell in cells(lecture, "markdown")).replace("−", "-")
    for text, expression in quoted.items():
        number = text.replace("−", "-")
        assert number in prose, f"{text} is not in the prose"
        decimals = len(number.partition(".")[2])
        frame = records.load(lecture.name)
        value = eval(expression, {"frame": frame, "metrics": metrics, "np": np})
        assert f"{value:.{decimals}f}" == number.lstrip("+"), expression
