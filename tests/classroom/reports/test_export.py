import csv
import html
import re
from contextlib import nullcontext

import numpy as np
import pytest

from classroom import cli
from classroom.collecting.records import Record, write_record
from classroom.grading import grade_class
from classroom.reports.export import write
from classroom.results import outcomes
from classroom.results.class_results import read_results
from classroom.results.gradebook import Change, differences, read_comments, read_scores
from classroom.results.outcomes import CellOutcome, Outcome

UNGRADED = {"double-tests": None, "double-check": None, "why": None}


def score(gradebook, student, scores, penalty=None):
    """Writes scores of the lab `tiny` to its gradebook, as autograding does."""
    gradebook.update_or_create_student(student)
    gradebook.update_or_create_submission("tiny", student)
    for cell, points in scores.items():
        gradebook.find_grade(cell, "tiny", "tiny", student).auto_score = points
    notebook = gradebook.find_submission_notebook("tiny", "tiny", student)
    notebook.late_submission_penalty = penalty
    gradebook.db.commit()


@pytest.fixture
def graded(lab):
    """A class with everything that can happen to a grade."""
    half = {"double-tests": 1, "double-check": 0.5, "why": 0}
    full = {"double-tests": 1, "double-check": 2, "why": 0}
    with lab.gradebook("tiny") as gradebook:
        score(gradebook, "1001", full)
        score(gradebook, "1002", half, penalty=0.25)
        score(gradebook, "1003", full | {"why": None})
        score(gradebook, "broken", UNGRADED)
        score(gradebook, "next", UNGRADED)
        gradebook.update_or_create_student(
            "1001", first_name="=cmd|' /C calc'!A0,", last_name="X", email="@x", lms_user_id="77"
        )
        gradebook.update_or_create_student("1002", first_name="Åsa", last_name="Ö, B")
        gradebook.find_grade("why", "tiny", "tiny", "1001").manual_score = 1
        gradebook.find_comment("why", "tiny", "tiny", "1001").manual_comment = "Well put."
        gradebook.db.commit()
    reason = CellOutcome(0.1, "The result is <b>twice</b> the argument.")
    for outcome in (
        Outcome("1002", "", 1.0, "", "", ["It was mended."], cells={"double-check": reason}),
        Outcome("broken", "-It is empty.", 0.0, "", ""),
    ):
        outcomes.write(lab, "tiny", outcome)
    return lab


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_results_join_scores_and_outcomes(graded):
    results = read_results(graded, "tiny")
    found = {result.student: result for result in results.students}
    assert results.points == {"double": 3, "why": 1}
    assert {student: result.total for student, result in found.items()} == {
        "1001": 4,
        "1002": 1.25,
        "1003": 3,
        "broken": None,
        "next": None,
    }
    assert [student for student, result in found.items() if result.is_final] == ["1001", "1002"]
    assert found["1003"].scores == {"double": 3, "why": None}
    assert found["broken"].fault == "-It is empty."
    assert "course grade tiny" in found["next"].fault


def test_a_student_whose_file_never_reached_the_gradebook_is_there(lab):
    outcomes.write(lab, "tiny", Outcome("ada", "It is empty.", 0.0, "", ""))
    (result,) = read_results(lab, "tiny").students
    assert (result.student, result.total, result.fault) == ("ada", None, "It is empty.")
    assert result.scores == {"double": None, "why": None}


def test_the_table_has_empty_cells_for_what_is_not_known(graded):
    header, *rows = read(write(graded, "tiny"))
    assert header == ["student", "name", "double", "why", "late penalty", "total", "fault"]
    rows = {row[0]: row[2:] for row in rows}
    assert rows["1001"] == ["3", "1", "0", "4", ""]
    assert rows["1002"] == ["1.5", "0", "0.25", "1.25", ""]
    assert rows["1003"] == ["3", "", "0", "", ""]
    assert rows["broken"] == ["", "", "", "", "'-It is empty."]


def test_canvas_gets_the_columns_that_it_asks_for(graded):
    header, possible, *rows = read(write(graded, "tiny", format="canvas"))
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "tiny"]
    assert possible[0].strip() == "Points Possible"
    assert possible[1:] == ["", "", "", "", "4"]
    assert rows == [
        ["'=cmd|' /C calc'!A0, X", "77", "", "", "", "4"],
        ["Åsa Ö, B", "1002", "", "", "", "1.25"],
        ["1003", "1003", "", "", "", ""],
        ["broken", "", "", "broken", "", ""],
        ["next", "", "", "next", "", ""],
    ]


def test_moodle_gets_the_columns_that_it_asks_for(graded):
    header, *rows = read(write(graded, "tiny", format="moodle"))
    assert {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"} <= set(header)
    rows = [dict(zip(header, row)) for row in rows]
    assert [row["Identifier"] for row in rows][:2] == ["Participant 1001", "Participant 1002"]
    assert [row["Grade"] for row in rows] == ["4", "1.25", "", "", ""]
    assert rows[0]["Email address"] == "'@x"
    assert "Well put." in rows[0]["Feedback comments"]
    assert "1.5 of 3. The result is &lt;b&gt;twice" in rows[1]["Feedback comments"]
    assert "handing in late: 0.25" in rows[1]["Feedback comments"]
    assert "<br>It was mended." in rows[1]["Feedback comments"]
    assert rows[3]["Feedback comments"] == "Not graded: -It is empty."


def test_moodle_gets_the_number_that_its_archive_has(graded):
    for student, key, platform in [("1001", "56", "Canvas"), ("1002", "55", "Moodle")]:
        (graded.labs / "submitted" / student / "tiny").mkdir(parents=True)
        write_record(graded, "tiny", student, Record(key=key, platform=platform))
    _, *rows = read(write(graded, "tiny", format="moodle"))
    assert [row[0] for row in rows][:2] == ["Participant 1001", "Participant 55"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "＝", "＋", "－", "＠", '"='])
def test_no_name_becomes_a_formula(graded, start):
    with graded.gradebook("tiny") as gradebook:
        gradebook.update_or_create_student("1002", first_name=f"{start}1+1", last_name="X")
    for format in ("csv", "canvas", "moodle"):
        cells = [cell for row in read(write(graded, "tiny", format=format)) for cell in row]
        assert [cell for cell in cells if "1+1" in cell] == [f"'{start.strip()}1+1 X"]


FORMULA = re.compile(r"[\s\"\u200b\ufeff]*[=+@＝＋－＠-]")
STUDENTS = [
    "x;=1+1",
    "x\t=1+1",
    "x\n+1",
    "x\r\n@y",
    'x";"=1',
    "; ; －1",
    ";=;=;=",
    '";\n"=',
    "\u200b=1",
]
STUDENTS += ["a;\x0b=1", "a;\x00=1", "a <= b; c >= d", "x&;=1", '"', ';"', "a\u2028=1", ";\u202e=1"]


@pytest.mark.parametrize("format", ["csv", "canvas", "moodle"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_a_formula_whatever_separates_cells(graded, format, separator):
    with graded.gradebook("tiny") as gradebook:
        for number, text in enumerate(STUDENTS):
            student = f"{text[:3]}{number}".replace("/", "").replace("\0", "")
            names = {"first_name": text, "last_name": text, "email": text, "lms_user_id": text}
            score(gradebook, student, {"double-tests": -2, "double-check": 0.5, "why": 0})
            gradebook.update_or_create_student(student, **names)
            gradebook.find_grade("why", "tiny", "tiny", student).manual_score = 0
            gradebook.find_comment("why", "tiny", "tiny", student).manual_comment = text
            gradebook.db.commit()
            reason = CellOutcome(0.1, text)
            fault = text if number % 2 else ""
            outcome = Outcome(student, fault, 1.0, "", "", [text], cells={"double-check": reason})
            outcomes.write(graded, "tiny", outcome)
    with write(graded, "tiny", format=format).open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter=separator) for cell in row]
    bad = [cell for cell in cells if FORMULA.match(cell)]
    # our own: negative numbers, and how Moodle writes that there is no date
    assert [cell for cell in bad if not re.fullmatch(r"-(\d+(\.\d+)?)?", cell)] == []


def test_comments_for_moodle_read_as_they_were_written(graded):
    text = "The result is <= 3; - it was 4 & =@ more; =SUM(A1)"
    with graded.gradebook("tiny") as gradebook:
        gradebook.find_comment("why", "tiny", "tiny", "1001").manual_comment = text
        gradebook.db.commit()
    header, first, *_ = read(write(graded, "tiny", format="moodle"))
    comment = first[header.index("Feedback comments")]
    assert text in html.unescape(comment)
    assert "&lt;&#61; 3; &#45; it" in comment


def test_a_students_text_cannot_stop_an_export_or_the_terminal(graded, monkeypatch):
    outcomes.write(
        graded, "tiny", Outcome("ev\udce9", "\x1b]0;x\x07[/b] \udcff", 0.0, "", "", ["\udcff"])
    )
    with graded.gradebook("tiny") as gradebook:
        gradebook.update_or_create_student("1002", first_name="[/b]", last_name="\x1b[2Jx")
    for format in ("csv", "canvas", "moodle"):
        text = write(graded, "tiny", format=format).read_text(encoding="utf-8")
        assert "\x1b" not in text
    monkeypatch.setattr(grade_class, "grade", lambda *arguments, **options: [])
    monkeypatch.setattr(cli.grading, "_grading", lambda *arguments: nullcontext())
    monkeypatch.setattr(cli.console, "width", 200)
    with cli.console.capture() as shown:
        assert not cli.grading.grade_class(graded, "tiny")
    assert "[/b] x" in shown.get()
    assert "\x1b]0" not in shown.get()
    shown.get().encode()


def test_the_file_is_written_where_it_is_wanted(graded, tmp_path):
    path = tmp_path / "folder" / "grades.csv"
    assert write(graded, "tiny", path) == path
    assert read(path) == read(write(graded, "tiny"))


def test_an_unknown_format_is_refused(graded):
    with pytest.raises(ValueError, match=r"'excel'. There are: csv, canvas, moodle"):
        write(graded, "tiny", format="excel")


def test_comments_are_read(graded):
    assert read_comments(graded, "tiny") == {"1001": {"why": "Well put."}}


def test_differences_are_the_scores_that_move(graded):
    before = read_scores(graded, "tiny")
    same = {
        student: dict(zip(before.cells, row))
        for student, row in zip(before.students, before.scores.tolist())
    }
    assert differences(before, same) == []
    after = same | {
        "1001": same["1001"] | {"double-check": 0, "why": np.nan},
        "new": {"double-tests": 1, "why": np.nan},
    }
    del after["1002"]
    nan = pytest.approx(np.nan, nan_ok=True)
    assert differences(before, after) == [
        Change("1001", "double-check", 2, 0),
        Change("1002", "double-tests", 1, nan),
        Change("1002", "double-check", 0.5, nan),
        Change("1002", "why", 0, nan),
        Change("new", "double-tests", nan, 1),
    ]
