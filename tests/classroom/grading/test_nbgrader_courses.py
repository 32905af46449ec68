"""Other people's labs: several notebooks in one, no checks of ours, all that nbgrader allows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.apps import quickstartapp

from classroom.catalogue.labs import list_labs
from classroom.course import Course
from classroom.grading.grade_class import grade, preview
from classroom.grading.gradebook.nbgrader_steps import NbgraderSteps
from classroom.grading.prepare import Lab
from classroom.labs import variants
from classroom.labs.release import release
from classroom.labs.verify import verify
from classroom.reports.class_report import write_report
from classroom.reports.export import write
from classroom.reports.student_feedback import write_feedback
from classroom.results.class_results import read_results
from classroom.results.gradebook import differences, read_scores
from tests.classroom.conftest import cell

pytestmark = pytest.mark.services

EXAMPLES = Path(quickstartapp.__file__).parents[1] / "docs/source/user_guide"
RIGHT = "def double(x):\n    return 2 * x"
TESTS = {
    "cell-0a1b": "%time double(1)\nassert double(1) == 2",
    "hidden": "assert double(1) == 2\n### BEGIN HIDDEN TESTS\nassert double(3) == 6\n"
    "### END HIDDEN TESTS",
    "cases": "import sys, unittest\n\n\nclass Doubling(unittest.TestCase):\n"
    "    def test_a_number(self):\n        self.assertEqual(double(1), 2)\n\n\n"
    "tests = unittest.defaultTestLoader.loadTestsFromTestCase(Doubling)\n"
    "assert unittest.TextTestRunner(sys.stdout).run(tests).wasSuccessful()",
    "partial": "0.5 * (double(1) == 2) + 1.5 * (double(3) == 6)",
    "warns": "import sys\nprint('careful', file=sys.stderr)",
}
"""Test cells of nbgrader's kinds, by name, each worth two points."""
DESERVED = {
    RIGHT: {"cell-0a1b": 2, "hidden": 2, "cases": 2, "partial": 2},
    "def double(x):\n    return x + 1": {"cell-0a1b": 2, "hidden": 0, "cases": 2, "partial": 0.5},
    "def double(x:": dict.fromkeys(TESTS, 0),
}


def write_notebook(path):
    """Writes a lab's notebook with nbgrader's kinds of cells, and a task for a person."""
    tests = [
        cell(new_code_cell, source, name, grade=True, locked=True, points=2)
        for name, source in TESTS.items()
    ]
    cells = [
        cell(new_code_cell, f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION", "d", solution=True),
        *tests,
        cell(new_markdown_cell, "Draw a graph.", "draw", task=True, locked=True, points=3),
    ]
    nbformat.write(new_notebook(cells=cells), path)


def hand_in(course, lab, student, notebooks):
    folder = course.labs / "submitted" / student / lab
    folder.mkdir(parents=True, exist_ok=True)
    for name, notebook in notebooks.items():
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        (folder / f"{name}.ipynb").write_text(text)


def read_released(course, lab):
    return {
        name: nbformat.read(course.released(lab, name), as_version=4)
        for name in course.notebook_names(lab)
    }


def rows(course, lab):
    """What the gradebook holds about each graded cell and each answer."""
    found = {}
    with course.gradebook(lab) as gradebook:
        for submission in gradebook.assignment_submissions(lab):
            for notebook in submission.notebooks:
                place = submission.student.id, notebook.name
                for one in notebook.grades:
                    found[(*place, one.name)] = (one.auto_score, one.needs_manual_grade)
                for one in notebook.comments:
                    found[(*place, one.name, "comment")] = one.auto_comment
    return found


def by_cell(course, lab):
    """Dictionary from students to dictionaries from cells to scores."""
    found = read_scores(course, lab)
    return {s: dict(zip(found.cells, row)) for s, row in zip(found.students, found.scores)}


@pytest.fixture
def two_notebooks(lab):
    """The tiny lab with a second notebook, whose cells have the same names."""
    shutil.copy(lab.source("tiny"), lab.labs / "source/tiny/again.ipynb")
    release(lab, "tiny")
    return lab


@pytest.fixture
def quickstart(tmp_path, monkeypatch):
    """`nbgrader quickstart`, without the comments of its configuration."""
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        call = quickstartapp.subprocess
        patch.setattr(call, "call", lambda *_, **__: Path("nbgrader_config.py").touch())
        app = quickstartapp.QuickStartApp()
        app.initialize(["q101"])
        app.start()
    return Course.find(tmp_path / "q101" / "source")


def test_points_of_all_notebooks_are_added_up(two_notebooks, answer):
    again = answer(RIGHT)
    hand_in(two_notebooks, "tiny", "both", {"tiny": again, "again": again})
    hand_in(two_notebooks, "tiny", "one", {"tiny": again})
    hand_in(two_notebooks, "tiny", "damaged", {"tiny": again, "again": "{ broken"})
    done = {outcome.student: outcome for outcome in grade(two_notebooks, "tiny")}
    assert {outcome.fault for outcome in done.values()} == {""}
    assert done["both"].notes == []
    assert done["one"].notes == ["again.ipynb was not handed in; it gets no points."]
    assert "again.ipynb cannot be graded, and waits for a person" in done["damaged"].notes[0]
    results = {one.student: one for one in read_results(two_notebooks, "tiny").students}
    assert {name: (one.total, one.is_final) for name, one in results.items()} == {
        "both": (6, True),
        "one": (3, True),
        "damaged": (3, False),
    }
    assert results["one"].scores == {"again/double": 0, "again/why": 0} | {
        "tiny/double": 3,
        "tiny/why": 0,
    }


def test_a_second_notebook_that_comes_later_is_graded(two_notebooks, answer):
    hand_in(two_notebooks, "tiny", "ada", {"tiny": answer(RIGHT)})
    grade(two_notebooks, "tiny")
    hand_in(two_notebooks, "tiny", "ada", {"again": answer(RIGHT)})
    grade(two_notebooks, "tiny")
    assert read_results(two_notebooks, "tiny").students[0].total == 6
    assert {path.name for path in two_notebooks.labs.glob("autograded/ada/tiny/*.ipynb")} == {
        "again.ipynb",
        "tiny.ipynb",
    }


def test_a_notebook_need_not_bear_the_name_of_its_lab(lab, answer):
    right = answer(RIGHT)
    lab.source("tiny").rename(lab.labs / "source/tiny/homework.ipynb")
    release(lab, "tiny")
    hand_in(lab, "tiny", "ada", {"homework": right})
    grade(lab, "tiny")
    assert by_cell(lab, "tiny")["ada"] == {"double-tests": 1, "double-check": 2, "why": 0}
    assert list_labs(lab)[0].points == {"double-tests": 1, "double-check": 2}


@pytest.mark.parametrize(("enabled", "score"), [(True, 2), (False, 0)])
def test_words_on_stderr_cost_what_the_configuration_says(lab, enabled, score):
    lab.config.IgnorePattern.enabled = enabled
    test = cell(new_code_cell, "", "warns", grade=True, locked=True, points=2)
    test.outputs = [new_output("stream", name="stderr", text="careful")]
    assert NbgraderSteps(lab, "tiny").read_score(test) == score


def test_a_folder_of_nbgraders_is_a_course(lab, tmp_path):
    alone = tmp_path / "q101"
    shutil.copytree(lab.labs, alone)
    with (alone / "nbgrader_config.py").open("a") as file:
        file.write('c.IncludeHeaderFooter.header = "source/header.ipynb"\n')
    found = Course.find(alone / "source" / "tiny")
    assert (found.root, found.labs) == (alone, alone)
    assert found.lab_names() == ["tiny"]
    assert found.config.IncludeHeaderFooter.header == str(alone / "source/header.ipynb")
    assert Course.find(lab.labs).root == lab.root


def test_late_penalties_of_all_notebooks_are_added_up(two_notebooks):
    with two_notebooks.gradebook("tiny") as gradebook:
        gradebook.add_student("ada")
        for notebook in gradebook.add_submission("tiny", "ada").notebooks:
            notebook.late_submission_penalty = 0.5
        gradebook.db.commit()
    assert read_scores(two_notebooks, "tiny").penalties == [1]


def test_a_change_of_any_notebook_is_a_change_of_the_lab(two_notebooks):
    before = {Lab(two_notebooks, "tiny").checksum}
    for name in ("again", "tiny"):
        path = two_notebooks.source("tiny", name)
        path.write_text(path.read_text().replace("double(1) == 2", "double(2) == 4"))
        release(two_notebooks, "tiny")
        before.add(Lab(two_notebooks, "tiny").checksum)
    assert len(before) == 3


def test_a_lab_of_two_notebooks_is_verified(two_notebooks):
    script = '"""Wrong."""\n\nLOSES = {"again/double-tests": 1, "again/double-check": 2}\n\n\n'
    path = two_notebooks.labs / "variants/tiny/wrong.py"
    path.write_text(script + "# %% again/double\ndef double(x):\n    return x\n")
    findings = list(verify(two_notebooks, "tiny", sealed=False))
    assert {one.what: one.problems for one in findings if one.problems} == {}
    assert "wrong loses what it should" in [finding.what for finding in findings]


@pytest.mark.slow
def test_nbgraders_own_course_is_graded_as_nbgrader_does(quickstart):
    """From source to export, with the example's submissions and others, and the same scores."""
    assert list_labs(quickstart)[0].points["problem1/sum_of_squares_uses_squares"] == 0.5
    assert not [one for one in verify(quickstart, "ps1", sealed=False) if one.problems]
    write_notebook(quickstart.labs / "source/ps1/problem3.ipynb")
    release(quickstart, "ps1")
    released, sources = (
        read_released(quickstart, "ps1"),
        variants.read_sources(quickstart, "ps1"),
    )
    assert "Before you turn this problem in" in released["problem1"].cells[0].source
    shutil.copytree(EXAMPLES / "submitted", quickstart.labs / "submitted")
    for number, code in enumerate(DESERVED):
        answers = variants.all_solutions(sources) | {"problem3/d": code}
        hand_in(quickstart, "ps1", f"s{number}", variants.answer_all(released, answers))
    hand_in(quickstart, "ps1", "half", {"problem2": released["problem2"]})
    grade(quickstart, "ps1", jobs=2)
    ours = rows(quickstart, "ps1")
    for number, scores in enumerate(DESERVED.values()):
        found = {name: ours[f"s{number}", "problem3", name][0] for name in scores}
        assert found == scores
    assert ours["s0", "problem3", "warns"] == (0, False)
    assert ours["s0", "problem3", "draw"] == (None, True)
    assert np.isnan(by_cell(quickstart, "ps1")["s0"]["problem3/draw"])
    assert ours["hacker", "problem3", "hidden"] == (0, False)
    scores, _ = preview(quickstart, "ps1", jobs=2)
    assert differences(read_scores(quickstart, "ps1"), scores) == []
    assert len(write_feedback(quickstart, "ps1")) == 6
    assert all(path.exists() for path in write_report(quickstart, "ps1"))
    assert "bitdiddle" in write(quickstart, "ps1", format="moodle").read_text()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", "autograde", "ps1", "--force"]
    done = subprocess.run(command, cwd=quickstart.labs, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert rows(quickstart, "ps1") == ours
