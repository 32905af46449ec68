"""A tiny lab, whose kernels start in half a second because they import nothing."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom.course import Course
from classroom.grading import reference
from classroom.grading.prepare import Lab
from classroom.kernels import warm_server
from classroom.labs.release import release

SOLUTION = '''def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION'''
TESTS = 'assert double(1) == 2, f"Twice 1 is 2, not {double(1)}."'
CHECK = """# Hidden check: other numbers.
### BEGIN HIDDEN TESTS
from classroom.checks import check

check("tiny", "double", globals())
### END HIDDEN TESTS"""
CHECKS = """import numpy as np

from classroom.checks import Check


class Double(Check):
    task = "double"

    def given(self, rng):
        return {"x": rng.normal(size=5)}

    @staticmethod
    def run(student, x):
        return student.double(x)

    def judge(self, given, returned):
        yield np.allclose(returned, 2 * given["x"]), "The result is twice the argument."
"""


def cell(new, source, name, **kind):
    kinds = {"grade": False, "solution": False, "locked": False, "task": False}
    about = {**kinds, "grade_id": name, "schema_version": 3, **kind}
    return new(source, id=name, metadata={"nbgrader": about})


def make_tiny_lab(root):
    """Makes a course with the lab `tiny`, released.

    It gives 1 point by a visible test, 2 by a hidden check, and 1 by a person.
    """
    tiny = Course(root)
    for folder in ("notebooks", "labs/source/tiny", "labs/checks", "labs/variants/tiny"):
        (tiny.root / folder).mkdir(parents=True)
    shutil.copy(Course.find(__file__).labs / "nbgrader_config.py", tiny.labs)
    (tiny.labs / "checks" / "tiny.py").write_text(CHECKS)
    cells = [
        cell(new_code_cell, SOLUTION, "double", solution=True),
        cell(new_code_cell, TESTS, "double-tests", grade=True, locked=True, points=1),
        cell(new_code_cell, CHECK, "double-check", grade=True, locked=True, points=2),
        cell(new_markdown_cell, "Because.", "why", grade=True, solution=True, points=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, tiny.labs / "source" / "tiny" / "tiny.ipynb")
    release(tiny, "tiny")
    reference.remember(Lab(tiny, "tiny"), 0.1)
    return tiny


@pytest.fixture(scope="session", autouse=True)
def warm_kernels():
    """One server for all tests that start kernels."""
    with warm_server.serving():
        yield


@pytest.fixture(scope="session")
def released_lab(tmp_path_factory):
    """The course as it is copied for every test."""
    return make_tiny_lab(tmp_path_factory.mktemp("released"))


@pytest.fixture
def lab(released_lab, tmp_path):
    """A course with the lab `tiny`, released."""
    return Course(shutil.copytree(released_lab.root, tmp_path / "tiny course"))


@pytest.fixture
def own(lab):
    """A student's own copy of the lab, where the bundle has it."""
    path = lab.labs / "tiny" / "tiny.ipynb"
    path.parent.mkdir()
    path.write_bytes(lab.released("tiny").read_bytes())
    return path


@pytest.fixture
def answer(lab):
    """Function that returns the released lab, with `double` answered by the given code."""

    def answered(code):
        notebook = nbformat.read(lab.labs / "release" / "tiny" / "tiny.ipynb", as_version=4)
        notebook.cells[0].source = code
        return notebook

    return answered


@pytest.fixture
def hand_in(lab, answer):
    """Function that hands the lab in for a student: with code for `double`, or as raw text."""

    def hand(student, code=None, raw=None):
        folder = lab.labs / "submitted" / student / "tiny"
        folder.mkdir(parents=True, exist_ok=True)
        text = nbformat.writes(answer(code)) if raw is None else raw
        (folder / "tiny.ipynb").write_text(text)

    return hand
