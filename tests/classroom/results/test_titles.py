import json

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom.course import Course
from classroom.results.titles import Titles, read_titles


def answer(new, name, **kind):
    return new("", metadata={"nbgrader": {"grade_id": name, **kind}})


def test_a_question_is_called_as_the_heading_above_it(tmp_path):
    cells = [
        answer(new_code_cell, "early", solution=True),
        new_markdown_cell("# Lab: *fusion*\n\nWords.\n\n```\n# no heading\n```"),
        new_markdown_cell("## Task 1: `early` fusion (5 points)\n\nDo it."),
        answer(new_code_cell, "double", solution=True),
        answer(new_code_cell, "double-check", grade=True),
        answer(new_markdown_cell, "why", grade=True, solution=True),
        new_markdown_cell("Words."),
        new_markdown_cell("# Last"),
        answer(new_code_cell, "cell-0a1b", grade=True),
    ]
    folder = tmp_path / "labs" / "source" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_text(json.dumps(new_notebook(cells=cells)))
    first = "Task 1: early fusion"
    assert read_titles(Course(tmp_path), "tiny") == Titles(
        "Lab: fusion", {"double": first, "why": first, "cell-0a1b": "Last"}
    )
