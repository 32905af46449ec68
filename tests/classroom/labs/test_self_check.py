import shutil
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from classroom.labs import self_check
from classroom.labs.lab_notebook import read_lab
from tests.classroom.conftest import cell

pytestmark = pytest.mark.services


@pytest.fixture
def read(lab, answer, tmp_path):
    """Function that reads the lab with `double` answered by the given code."""

    def read_answered(code, change=lambda notebook: None, course=lab, name="tiny.ipynb"):
        notebook = answer(code)
        change(notebook)
        nbformat.write(notebook, tmp_path / name)
        return read_lab(tmp_path / name, course)

    return read_answered


@pytest.fixture
def check(read):
    """Function that checks the lab with `double` answered by the given code."""

    def run(*arguments, **options):
        notebook = read(*arguments, **options)
        before = notebook.path.read_bytes()
        results, run.others = self_check.check(notebook)
        assert notebook.path.read_bytes() == before
        return {result.cell: result for result in results}

    return run


def test_a_right_answer(check):
    results = check(
        "import sys\ndef double(x):\n    sys.stderr.write('a warning')\n    return 2 * x"
    )
    assert list(results) == ["double-tests", "double-check", "why"]
    assert (results["double-tests"].passed, results["double-tests"].message) == (True, "")


def test_a_wrong_answer_is_told_what_to_fix(check):
    result = check("def double(x):\n    return 3 * x")["double-tests"]
    assert (result.passed, result.message) == (False, "Twice 1 is 2, not 3.")


def test_an_error_is_named(check):
    assert check("def double(x):\n    return y")["double-tests"].message.startswith("NameError")


def test_a_task_without_an_answer_is_named(check):
    code = "def double(x):\n    raise NotImplementedError%s"
    assert check(code % "")["double-tests"].message == "not solved yet"
    said = check(code % "('for odd x')")["double-tests"].message
    assert said == "NotImplementedError: for odd x"


def test_what_only_the_grader_knows_is_left_open(check):
    def write(notebook):
        notebook.cells[3].source = "Because twice is twice."

    results = check("def double(x):\n    return 2 * x")
    assert results["double-check"][1:4] == (None, 2, "checked when you hand in")
    assert results["why"][1:4] == (None, 1, "not answered yet")
    assert check("double = None", write)["why"][1:4] == (None, 1, "read by a person")


@pytest.mark.parametrize(("code", "passed"), [("2 * x", True), ("3 * x", False)])
def test_a_visible_test_without_points_says_what_to_fix(check, code, passed):
    def take_points(notebook):
        notebook.cells[1].metadata.nbgrader.update(grade=False)
        del notebook.cells[1].metadata.nbgrader["points"]

    code = f"def double(x):\n    return {code}"
    result = check(code, take_points, course=None)["double-tests"]
    assert (result.passed, result.points) == (passed, 0)
    assert result.message == ("" if passed else "Twice 1 is 2, not 3.")


def test_an_edited_test_is_noticed(check, lab):
    def edit(notebook):
        notebook.cells[1].source = "pass"

    wrong = "def double(x):\n    return 3 * x"
    for course in (lab, None):  # where the lab is at hand, its own test is run
        result = check(wrong, edit, course=course)["double-tests"]
        assert result.edited
        assert result.passed is (course is None)


def copy_test(notebook):
    notebook.cells.append(notebook.cells[1].copy())


def test_a_copied_test_is_explained(read):
    with pytest.raises(ValueError, match="was copied or damaged"):
        read("double = None", copy_test, course=None)


def test_a_copied_test_is_read_once_where_the_lab_is_at_hand(check, read):
    right = "def double(x):\n    return 2 * x"
    assert check(right, copy_test)["double-tests"].passed
    (note,) = read(right, copy_test).notes
    assert note.startswith("Cells were there several times")


@pytest.mark.parametrize("content", ["{ no notebook", "[]", '{"cells": []}'])
def test_a_file_that_is_no_lab_is_explained(lab, tmp_path, content):
    path = tmp_path / "file.ipynb"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"is no (notebook|lab)"):
        read_lab(path, lab)


def test_what_was_given_out_is_not_solved_yet_and_needs_no_kernel(check, lab, monkeypatch):
    stub = nbformat.read(lab.released("tiny"), as_version=4).cells[0].source
    monkeypatch.setattr(self_check._Check, "_start", None)
    assert check(stub)["double-tests"][1:4] == (False, 1, "not solved yet")


def test_a_deleted_test_is_put_back_and_told(check, read):
    def delete(notebook):
        del notebook.cells[1]

    assert not check("def double(x):\n    return 3 * x", delete)["double-tests"].passed
    notes = read("double = None", delete).notes
    assert notes == ["Locked cells were missing and were put back: double-tests."]


def test_another_name_is_told(read):
    (note,) = read("double = None", name="my work.ipynb").notes
    assert note == "Hand it in as tiny.ipynb: that is the name of this lab's notebook."


def test_a_lab_is_checked_without_its_source_under_its_notebooks_name(lab, answer, tmp_path):
    notebook = answer("double = None")
    shutil.rmtree(lab.labs / "source")
    lab.released("tiny", "tiny").rename(lab.labs / "release/tiny/problem1.ipynb")
    (lab.labs / "release/tiny").rename(lab.labs / "release/ps1")
    called = "Hand it in as problem1.ipynb: that is the name of this lab's notebook."
    for name, notes in {"problem1": [], "ps1": [called]}.items():
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
        found = read_lab(tmp_path / f"{name}.ipynb", lab)
        assert (found.lab, found.notes) == ("ps1", notes)


BROKEN = "def double(x):\n    return 2 * x)"


@pytest.mark.parametrize("magic", ["", "%matplotlib inline\n"])
def test_a_syntax_error_is_shown_with_its_cell_and_line(check, magic):
    message = check(magic + BROKEN)["double-tests"].message
    assert message == (
        f"SyntaxError in line {3 if magic else 2} of the cell double, `return 2 * x)`: "
        "unmatched ')'."
    )


def add_task(notebook):
    """Another task, whose test uses the answer of the first."""
    test = "assert double(quadruple(1)) == 8, 'Not eight.'"
    notebook.cells += [
        cell(new_code_cell, "def quadruple(x):\n    return 4 * x", "quadruple", solution=True),
        cell(new_code_cell, test, "quadruple-tests", locked=True),
    ]


def test_a_later_test_names_the_cell_that_could_not_be_read(check):
    results = check(BROKEN, add_task, course=None)
    assert results["quadruple-tests"].message == results["double-tests"].message
    assert check.others == []


def test_a_kernel_that_dies_costs_its_test_alone(check):
    results = check("import os\n\ndef double(x):\n    os._exit(x)\n", add_task, course=None)
    died = "Your code was stopped in this test: The kernel died."
    assert results["double-tests"][1:4] == (False, 1, died)
    assert results["quadruple-tests"].message == died
    right = "def double(x):\n    return 2 * x"

    def die_between(notebook):
        add_task(notebook)
        notebook.cells.insert(1, new_code_cell("import os\nos._exit(1)"))

    results = check(right, die_between, course=None)
    assert (results["double-tests"].passed, results["quadruple-tests"].passed) == (True, True)
    assert check.others == ["The cell that begins with `import os` was stopped: The kernel died."]


def test_a_loop_ends_and_is_told_once(check, monkeypatch):
    monkeypatch.setattr(self_check, "SECONDS", 1)

    def try_out(notebook):
        add_task(notebook)
        notebook.cells[4].source = "def quadruple(x):\n    return 4 * x"
        notebook.cells[5].source = "assert quadruple(1) == 4"
        notebook.cells.insert(1, new_code_cell("double(1)", id="double-try"))

    start = time.monotonic()
    results = check("def double(x):\n    while True:\n        pass", try_out, course=None)
    assert results["double-tests"][1:4] == (
        False,
        1,
        "The cell that begins with `double(1)` was stopped: The code ran longer than 1 s. "
        "Does a loop never end?",
    )
    assert results["quadruple-tests"].passed
    assert check.others == []
    assert time.monotonic() - start < 10


def test_input_is_explained(check):
    message = check("def double(x):\n    return 2 * int(input())")["double-tests"].message
    assert message == (
        "Your code waits for input(), which nobody answers here: write the value into the code."
    )


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("%pip install numpy", "installs packages"),
        ("!pip install -q numpy", "installs packages"),
        ("!{sys.executable} -m pip install numpy", "installs packages"),
        ("!./course check tiny", "calls `course check`"),
        ("!.venv/bin/course check tiny.ipynb", "calls `course check`"),
    ],
)
def test_what_a_cell_should_not_ask_the_system_is_left_out_and_told(read, line, word):
    def add(notebook):
        notebook.cells.insert(0, new_code_cell(f"if True:\n    {line}\nx = '%pip is a magic'"))

    notebook = read("double = None", add)
    (note,) = notebook.notes
    assert note.startswith(f"The cell that begins with `if True:` {word}")
    assert notebook.notebook.cells[0].source == "if True:\n    pass\nx = '%pip is a magic'"


def test_results_are_told_as_soon_as_they_are_known(read):
    events = []
    notebook = read("def double(x):\n    return 2 * x")
    self_check.check(notebook, lambda result: events.append(result.cell), events.append)
    assert events == ["double-check", "why", "double", *["double-tests"] * 2, "double-check"]


def test_the_solutions_of_the_course_are_refused_as_when_graded(check):
    message = check("from course_lib.multitask import balancing as double")["double-tests"].message
    assert "graded answers are written by hand" in message
