import html
import json
import re
import shutil

import nbformat
import pytest

from classroom.course import Course
from classroom.grading.grade_class import grade
from classroom.reports.student_feedback import read_feedback, write_feedback
from classroom.results import outcomes
from classroom.results.outcomes import Outcome

pytestmark = pytest.mark.services

# The last one shows the inputs of the hidden check in every way that it has.
ANSWERS = {
    "right": "def double(x):\n    return 2 * x",
    "wrong": "def double(x):\n    return 3 * x",
    "script": "def double(x):\n    return '<script>alert(1)</script>'",
    "tells": (
        "def double(x):\n"
        "    if not isinstance(x, int):\n"
        "        print('inputs', x)\n"
        "        raise ValueError(f'inputs {x}')\n"
        "    return 2 * x"
    ),
}


@pytest.fixture(scope="module")
def graded_once(released_lab, tmp_path_factory):
    """A class with an answer of each kind, an edited test, and a file that is empty."""
    root = tmp_path_factory.mktemp("graded") / "course"
    lab = Course(shutil.copytree(released_lab.root, root))
    for student, code in ANSWERS.items():
        notebook = nbformat.read(lab.released("tiny"), as_version=4)
        notebook.cells[0].source = code
        if student == "wrong":
            notebook.cells[1].source = "pass"
            notebook.cells[3].source = "Because twice is thrice."
        folder = lab.labs / "submitted" / student / "tiny"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "tiny.ipynb")
    folder = lab.labs / "submitted" / "empty" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").touch()
    grade(lab, "tiny", jobs=2)
    return lab


@pytest.fixture
def graded(graded_once, tmp_path):
    """The class, to write in."""
    return Course(shutil.copytree(graded_once.root, tmp_path / "course"))


def read(lab):
    """The feedback files of each student: the page, and what the JSON holds."""
    return {
        page.parts[-3]: (
            page.read_text(encoding="utf-8"),
            json.loads(page.with_suffix(".json").read_text(encoding="utf-8")),
        )
        for page in write_feedback(lab, "tiny")
    }


def test_points_come_with_the_requirements_that_are_not_met(graded):
    found = read(graded)
    assert set(found) == {*ANSWERS, "empty"}
    assert (graded.labs / "feedback" / "wrong" / "tiny" / "tiny.html").exists()
    page, content = found["wrong"]
    double, why = content["questions"]
    assert (double["score"], double["points"]) == (0, 3)
    assert double["reasons"] == ["Twice 1 is 2, not 3.", "The result is twice the argument."]
    assert (why["score"], content["is_final"]) == (None, False)
    assert "0 of 4 points</strong> so far" in page
    assert "The result is twice the argument." in page
    assert "double-tests" in " ".join(content["notes"])
    assert content["notes"][0] in page.replace("&#39;", "'")
    page, content = found["right"]
    assert content["questions"][0]["reasons"] == []
    assert "3 of 4 points</strong>, " not in page
    assert (content["total"], content["is_final"]) == (3, True)


def test_a_fault_is_named_and_is_no_0(graded):
    page, content = read(graded)["empty"]
    assert (content["total"], content["questions"]) == (None, [])
    assert "empty" in content["fault"]
    assert "Not graded" in page
    assert "0 of" not in page


def test_comments_and_penalties_are_shown(graded):
    with graded.gradebook("tiny") as gradebook:
        comment = gradebook.find_comment("why", "tiny", "tiny", "wrong")
        comment.manual_comment = "Think <b>again</b>."
        gradebook.find_grade("why", "tiny", "tiny", "wrong").manual_score = 1
        submission = gradebook.find_submission_notebook("tiny", "tiny", "wrong")
        submission.late_submission_penalty = 0.25
        gradebook.db.commit()
    page, content = read(graded)["wrong"]
    assert content["questions"][1]["comments"] == ["Think <b>again</b>."]
    assert "Think &lt;b&gt;again&lt;/b&gt;." in page
    assert "0.75 of 4 points</strong>, after 0.25 taken off for handing in late" in page


def test_students_text_is_harmless(graded):
    page, content = read(graded)["script"]
    assert "<script>" in content["questions"][0]["reasons"][0]
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_nothing_of_the_hidden_checks_is_shown(graded):
    """Neither their code nor, whatever a notebook does, their inputs."""
    sentence = "The result is twice the argument."
    hidden = (graded.labs / "checks" / "tiny.py").read_text()
    source = nbformat.read(graded.source("tiny"), as_version=4)
    hidden += "".join(cell.source for cell in source.cells if "HIDDEN" in cell.source)
    pieces = {piece for piece in re.split(r"[\n,:()]+", hidden.replace(sentence, "")) if piece}
    pieces = {piece.strip() for piece in pieces if len(piece.strip()) > 8}
    assert len(pieces) > 10
    executed = graded.labs / "autograded" / "tells" / "tiny" / "tiny.ipynb"
    assert "HIDDEN" in executed.read_text()
    for page, content in read(graded).values():
        text = html.unescape(page) + json.dumps(content)
        assert [piece for piece in pieces if piece in text] == []
        assert "Traceback" not in text
        assert "inputs [" not in text
    tells = read(graded)["tells"][1]["questions"][0]
    assert tells["score"] == 1
    assert tells["reasons"] == ["Your code raises ValueError on the inputs of a check."]


def test_who_was_not_graded_yet_gets_no_feedback(graded):
    with graded.gradebook("tiny") as gradebook:
        gradebook.update_or_create_student("next")
        gradebook.update_or_create_submission("tiny", "next")
    assert "next" not in {feedback.student for feedback in read_feedback(graded, "tiny")}
    outcomes.write(graded, "tiny", Outcome("next", "It is empty.", 0.0, "", ""))
    assert "next" in {feedback.student for feedback in read_feedback(graded, "tiny")}
