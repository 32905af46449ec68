import json

import nbformat
import pytest

from classroom.catalogue.own_notebooks import find_notebook, find_original


@pytest.mark.parametrize("name", ["tiny", "tiny.ipynb"])
def test_a_lab_is_found_by_its_name(lab, own, name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert find_notebook(name, lab) == own
    assert find_notebook(str(own)) == own


def test_what_lies_here_comes_before_the_courses(lab, own, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.ipynb").write_text("{}")
    assert find_notebook("tiny.ipynb", lab).resolve() == tmp_path / "tiny.ipynb"


def test_what_is_no_notebook_is_told_what_to_name(lab, own, tmp_path):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    example = f"Name your notebook, for example {own}."
    for name, course, message in (
        (own.parent, None, f"{own.parent} is a folder. {example}"),
        ("fusoin", lab, f"fusoin does not exist. {example}"),
        (tmp_path / "x.ipynb", lab, f"{tmp_path / 'x.ipynb'} does not exist. {example}"),
        (tmp_path / "notes.txt", lab, f"notes.txt is no notebook (*.ipynb). {example}"),
        (tmp_path / "empty", lab, f"empty is a folder without notebooks. {example}"),
        (tmp_path / "empty", None, "empty is a folder without notebooks. Name your notebook, a "),
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            find_notebook(str(name), course)
        assert message in str(caught.value)


def test_which_lab_a_notebook_is_by_its_cells(lab, own, tmp_path):
    renamed = tmp_path / "my work (2).ipynb"
    renamed.write_bytes(own.read_bytes())
    assert find_original(renamed, lab) == lab.released("tiny")


def test_half_a_lab_is_the_lab_that_its_file_is_called_after(lab, own, tmp_path):
    notebook = nbformat.read(own, as_version=4)
    notebook.cells = notebook.cells[:1]
    for name, found in (("tiny.ipynb", lab.released("tiny")), ("other.ipynb", None)):
        nbformat.write(notebook, tmp_path / name)
        assert find_original(tmp_path / name, lab) == found


def test_a_damaged_file_is_the_lab_that_it_is_called_after(lab, tmp_path):
    for name, found in (("tiny (1).ipynb", lab.released("tiny")), ("other.ipynb", None)):
        (tmp_path / name).write_text("{ damaged")
        assert find_original(tmp_path / name, lab) == found


def test_a_notebook_of_another_lab_is_none_of_these(lab, own, tmp_path):
    notebook = json.loads(own.read_text())
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"]["nbgrader"]["grade_id"] = f"other-{number}"
    (tmp_path / "tiny.ipynb").write_text(json.dumps(notebook))
    assert find_original(tmp_path / "tiny.ipynb", lab) is None


def write(course, path, cells):
    """Writes a notebook with cells of the given names in the course."""
    cells = [{"metadata": {"nbgrader": {"grade_id": name}}, "source": ""} for name in cells]
    (course.labs / path).parent.mkdir(parents=True, exist_ok=True)
    (course.labs / path).write_text(json.dumps({"cells": cells}))
    return course.labs / path


@pytest.mark.parametrize(
    ("file", "cells", "found"),
    [
        ("problem2.ipynb", "ab", "ps1/problem1"),
        ("work.ipynb", "cd", "ps1/problem2"),
        ("ps1.ipynb", "acd", "ps1/problem2"),
        ("problem10.ipynb", "ef", "ps2/problem10"),
        ("problem1 (2).ipynb", "ef", "ps2/problem1"),
        ("problem1.ipynb", "c", None),
        ("problem10.ipynb", "", "ps2/problem10"),
        ("ps2/problem1.ipynb", "", "ps2/problem1"),
        ("ps1/problem1.ipynb", "", "ps1/problem1"),
    ],
)
def test_which_notebook_of_which_lab_by_cells_then_names(lab, file, cells, found):
    for name, own in {
        "ps1/problem1": "ab",
        "ps1/problem2": "cd",
        "ps2/problem1": "ef",
        "ps2/problem10": "ef",
    }.items():
        write(lab, f"release/{name}.ipynb", own)
    original = lab.labs / f"release/{found}.ipynb" if found else None
    assert find_original(write(lab, f"own/{file}", cells), lab) == original


def test_a_labs_notebook_is_found_by_its_own_name(lab, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    files = ["ps1/problem1", "ps1/problem2", "ps2/problem1", "ps3/essay"]
    own = {file: write(lab, f"{file}.ipynb", "") for file in files}
    assert find_notebook("problem2", lab) == own["ps1/problem2"]
    assert find_notebook("problem2.ipynb", lab) == own["ps1/problem2"]
    assert find_notebook("ps2", lab) == own["ps2/problem1"]
    assert find_notebook("ps3", lab) == own["ps3/essay"]
    first = own["ps1/problem1"]
    for name, other in {"problem1": own["ps2/problem1"], "ps1": own["ps1/problem2"]}.items():
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            find_notebook(name, lab)
        assert str(caught.value) == f"{name} may be {first} or {other}. Name one of them."
