import json
import re
import shutil

import pytest

from classroom.catalogue import lectures
from classroom.catalogue.turns import turns
from classroom.course import Course


def cell(source, *tags, kind="code"):
    return {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)}}


def exercise():
    return [cell("x = ...", "your-turn"), cell("x == 1", "check"), cell("x = 1", "solution")]


@pytest.fixture
def written(tmp_path):
    """A course with one lecture, and the lecture's content."""
    notebook = {
        "metadata": {"course": {"minutes": 5, "prerequisites": ["none"]}},
        "cells": [
            cell(["# A lecture\n", "\n", "It is short."], kind="markdown"),
            cell("PROFILE = SOURCE = 'none'", "parameters"),
            *exercise(),
        ],
    }
    course = Course(tmp_path)
    course.notebooks.mkdir()
    (course.notebooks / "01_a.ipynb").write_text(json.dumps(notebook))
    return course, notebook


@pytest.fixture
def several(written):
    """A course with four lectures."""
    course, _ = written
    for name in ("06_fusion", "07_intermediate_fusion", "11_labels"):
        shutil.copyfile(course.notebooks / "01_a.ipynb", course.notebooks / f"{name}.ipynb")
    return course


def test_listing(written):
    (lecture,) = lectures.list_lectures(written[0])
    assert (lecture.name, lecture.title, lecture.minutes) == ("01_a", "A lecture", 5)
    assert (lecture.prerequisites, lecture.steps) == (["none"], 6)


def test_a_part_of_no_lecture_s_name_is_named(written):
    course, _ = written
    assert [one.name for one in lectures.named(course, ["a"])] == ["01_a"]
    with pytest.raises(ValueError, match="'toxic'"):
        lectures.named(course, ["a", "toxic"])


def test_a_notebook_whose_name_has_no_number_is_no_lecture(written):
    course, _ = written
    (course.notebooks / "Untitled.ipynb").write_text("")
    assert [one.name for one in lectures.list_lectures(course)] == ["01_a"]


def spoil(notebook, how):
    """Spoils a notebook in one of the ways of the test below; returns its text."""
    if how == "metadata":
        del notebook["metadata"]["course"]
    elif how == "title":
        notebook["cells"][0]["source"] = ""
    elif how == "hole":
        notebook["cells"].append(cell("x = ...", "your-turn"))
    elif how == "cell":
        notebook["cells"].append("x = 1")
    return {"json": "{ broken", "list": "[]"}.get(how, json.dumps(notebook))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("json", "is no notebook"),
        ("list", "is no notebook"),
        ("cell", "is no notebook"),
        ("metadata", "metadata lack ['minutes', 'prerequisites']"),
        ("title", "should begin with the title"),
        ("hole", "followed by one tagged `check`"),
    ],
)
def test_a_damaged_lecture_is_named(written, how, words):
    course, notebook = written
    (course.notebooks / "01_a.ipynb").write_text(spoil(notebook, how))
    with pytest.raises(ValueError, match=f"01_a.ipynb.*{re.escape(words)}"):
        lectures.list_lectures(course)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("1", "01_a"),
        ("01", "01_a"),
        ("11", "11_labels"),
        ("06_fusion", "06_fusion"),
        ("inter", "07_intermediate_fusion"),
    ],
)
def test_a_lecture_is_found_by_number_name_or_part(several, name, found):
    assert lectures.find(several, name).name == found


@pytest.mark.parametrize(
    ("name", "fits"), [("fusion", "06_fusion, 07_intermediate_fusion"), ("toxic", "none")]
)
def test_what_fits_no_lecture_or_several_is_named(several, name, fits):
    with pytest.raises(ValueError, match=f"'{name}' should fit one lecture, but fits {fits}"):
        lectures.find(several, name)


@pytest.mark.parametrize("left_out", range(3))
def test_an_exercise_has_its_three_cells(left_out):
    cells = exercise()
    del cells[left_out]
    with pytest.raises(ValueError, match="followed by"):
        turns(cells)
