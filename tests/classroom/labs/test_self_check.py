import nbformat
import pytest

from classroom.labs.self_check import check_notebook

pytestmark = pytest.mark.services


@pytest.fixture
def check(answer, tmp_path):
    """Function that checks the lab with `double` answered by the given code."""

    def run(code, change=lambda notebook: None):
        notebook = answer(code)
        change(notebook)
        path = tmp_path / "my tiny.ipynb"
        nbformat.write(notebook, path)
        before = path.read_bytes()
        results = {result.cell: result for result in check_notebook(path)}
        assert path.read_bytes() == before
        return results

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
    assert check(code % "")["double-tests"].message == "The task is not implemented."
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

    result = check(f"def double(x):\n    return {code}", take_points)["double-tests"]
    assert (result.passed, result.points) == (passed, 0)
    assert result.message == ("" if passed else "Twice 1 is 2, not 3.")


def test_an_edited_test_is_noticed(check):
    def edit(notebook):
        notebook.cells[1].source = "pass"

    result = check("def double(x):\n    return 3 * x", edit)["double-tests"]
    assert result.edited


def test_a_copied_test_is_explained(check):
    with pytest.raises(ValueError, match="was copied or damaged"):
        check("double = None", lambda notebook: notebook.cells.append(notebook.cells[1].copy()))


@pytest.mark.parametrize("content", ["{ no notebook", "[]", '{"cells": []}'])
def test_a_file_that_is_no_lab_is_explained(tmp_path, content):
    path = tmp_path / "file.ipynb"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"is no (notebook|lab)"):
        check_notebook(path)


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        check_notebook(tmp_path / "file.ipynb")
