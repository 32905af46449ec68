import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.classroom import execution, sandbox
from course_lib.classroom.execution import Bounds, Job, execute, split

CHECKS = """
from course_lib.classroom.checks import Check


class Parts(Check):
    task = "parts"
    partial = True

    def given(self, rng):
        return {"secret": 4321}

    @staticmethod
    def run(student, secret):
        return student.answer(secret)

    def judge(self, given, returned):
        yield returned[0] == 1, "The first number is 1."
        yield returned[1] == 2, "The second number is 2."
"""
CHECK = """from course_lib.classroom.checks import check

check("lab", "parts", globals(), points=4)"""


def graded(source, name, points):
    kinds = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3}
    about = {**kinds, "grade_id": name, "points": points, "cell_type": "code"}
    return new_code_cell(source, id=name, metadata={"nbgrader": about})


def run(*cells, **options):
    """Runs cells; those that are text are ungraded. Returns the `Executed` and its cells."""
    cells = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    options = {"sealed": False, "bounds": Bounds(cell=20, output=1000), **options}
    done = execute(Job("s", nbformat.writes(new_notebook(cells=cells)), CHECKS, **options))
    return done, nbformat.reads(done.notebook, as_version=4).cells


def test_splitting_a_test_cell():
    rest, checks = split(f"x = 1\nassert x\n{CHECK}\ncheck('lab', 'other', globals(), 7)")
    assert rest == "x = 1\nassert x"
    assert checks == [("parts", 0), ("other", 7)]


@pytest.mark.services
def test_a_check_gives_a_part_of_its_points_and_the_reason():
    done, cells = run("def answer(secret):\n    return [1, 3]", graded(CHECK, "check", 4))
    assert done.cells["check"].reason == "The second number is 2."
    (result, words) = cells[1].outputs
    assert result.data == {"text/plain": "2"}
    assert words.text == "The second number is 2."


@pytest.mark.services
def test_a_visible_test_gives_a_part_of_its_points():
    _, cells = run("x = 1", graded("assert x == 1\n1.5", "tests", 3))
    assert cells[1].outputs[0].data == {"text/plain": "1.5"}


@pytest.mark.services
def test_hidden_inputs_are_not_kept():
    code = "def answer(secret):\n    print('seen', secret)\n    raise KeyError(secret)"
    done, _ = run(code, graded(CHECK, "check", 4))
    assert "4321" not in done.notebook
    assert done.cells["check"].reason == "Your code raises KeyError on other inputs."


@pytest.mark.services
def test_files_lie_beside_the_notebook():
    done, _ = run(
        "text = open('data/words.txt').read()",
        graded("assert text == 'three words here'", "tests", 1),
        files={"data/words.txt": b"three words here"},
    )
    assert done.cells["tests"].reason == ""


@pytest.mark.services
@pytest.mark.skipif(bool(sandbox.missing()), reason=f"no seal here: {sandbox.missing()}")
def test_a_sealed_kernel_sees_its_files_and_not_the_graders_environment(monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "1")
    done, _ = run(
        "import os, pathlib",
        graded("assert open('a.txt').read() == 'a'", "files", 1),
        graded("assert 'SECRET_OF_THE_GRADER' not in os.environ", "environment", 1),
        graded("assert not pathlib.Path.home().joinpath('.ssh').exists()", "home", 1),
        files={"a.txt": b"a"},
        sealed=True,
    )
    assert {name: cell.reason for name, cell in done.cells.items()} == dict.fromkeys(
        ["files", "environment", "home"], ""
    )


@pytest.mark.services
def test_names_that_a_test_makes_are_there_afterwards_and_not_before():
    peek = "def peek():\n    return 'expected' in globals()"
    done, _ = run(
        peek,
        graded("expected = 1\nassert not peek()", "first", 1),
        graded("assert expected == 1", "second", 1),
    )
    assert [cell.reason for cell in done.cells.values()] == ["", ""]


@pytest.mark.services
def test_outputs_are_kept_and_cut():
    done, cells = run("print('a' * 600)\nprint('b' * 600)", "1 + 1")
    assert cells[0].outputs[0].text.startswith("a" * 600)
    assert len(cells[0].outputs[0].text) <= 1001
    assert "was cut after 1,000 characters" in done.notes[0]
    assert cells[1].outputs[0].data["text/plain"] == "2"


@pytest.mark.services
def test_a_long_line_is_cut_before_it_reaches_the_grader(monkeypatch):
    heard, hear = [], execution._Run._hear

    def listen(self, cell, message):
        heard.append(len(message["content"].get("text", "")))
        hear(self, cell, message)

    monkeypatch.setattr(execution._Run, "_hear", listen)
    done, cells = run("print('x' * 5_000_000)")
    assert max(heard) == 100_000
    assert [output.text for output in cells[0].outputs] == ["x" * 1000]
    assert "was cut after 1,000 characters" in done.notes[0]
