"""A class whose answers wait to be read. No kernel runs: its notebooks are written as they are."""

import json

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell

from classroom.labs.release import release

STEAL = "document.documentElement.dataset.owned=1"
ANSWERS = {
    "ada": "Every value weighs the same: $\\frac{1}{n}$.",
    "bob": "It is a sum.",
    "eve": f"""<script>{STEAL}</script> <img src=x onerror="{STEAL}"> <svg onload="{STEAL}"></svg>
<style>* {{ display: none }}</style> <form action="https://evil.example"><button>Save</button></form>
[link](javascript:{STEAL}) [number](javascript:1) <https://good.example> ![x](https://evil.example)

$\\text{{<script>{STEAL}</script>}}$ $\\href{{javascript:{STEAL}}}{{x}}$
$\\style{{position:fixed}}{{y}}$

<div id="waiting" class="queue" style="position:fixed; inset:0">cover</div>
""",
}


def place(lab, student):
    """The graded notebook of a student."""
    return lab.labs / "autograded" / student / "tiny" / "tiny.ipynb"


def hand_over(lab, student, answer):
    """Puts a student's answer where graded ones are, its tests judged."""
    notebook = json.loads(lab.released("tiny").read_text())
    notebook["cells"][-1]["source"] = answer
    place(lab, student).parent.mkdir(parents=True, exist_ok=True)
    place(lab, student).write_text(json.dumps(notebook))
    with lab.gradebook("tiny") as gradebook:
        gradebook.update_or_create_student(student, first_name=student.title())
        gradebook.update_or_create_submission("tiny", student)
        for cell, score in (("double-tests", 1), ("double-check", 2)):
            grade = gradebook.find_grade(cell, "tiny", "tiny", student)
            grade.auto_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()


def fill(lab):
    """Gives the question `why` of a course a statement, a solution and three answers."""
    path = lab.source("tiny")
    notebook = nbformat.read(path, as_version=4)
    solution = "### BEGIN SOLUTION\nBecause $n$ values are added.\n### END SOLUTION"
    notebook.cells[-1].source = solution
    statement = new_markdown_cell("## Task 2: the mean\n\nWhy $n$?", id="why-text")
    notebook.cells.insert(-1, statement)
    nbformat.write(notebook, path)
    release(lab, "tiny")
    for student, answer in ANSWERS.items():
        hand_over(lab, student, answer)
    return lab


@pytest.fixture
def waiting(lab):
    """A course with three answers to the question `why`."""
    return fill(lab)
