import json

import nbformat
import pytest

from classroom.catalogue.own_notebooks import find_lab, find_notebook


@pytest.fixture
def own(lab):
    """The path of a student's own copy, where the bundle has it."""
    path = lab.labs / "tiny" / "tiny.ipynb"
    path.parent.mkdir()
    path.write_bytes(lab.released("tiny").read_bytes())
    return path


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
    assert find_lab(renamed, lab) == "tiny"


def test_half_a_lab_is_the_lab_that_its_file_is_called_after(lab, own, tmp_path):
    notebook = nbformat.read(own, as_version=4)
    notebook.cells = notebook.cells[:1]
    for name, found in (("tiny.ipynb", "tiny"), ("other.ipynb", None)):
        nbformat.write(notebook, tmp_path / name)
        assert find_lab(tmp_path / name, lab) == found


def test_a_damaged_file_is_the_lab_that_it_is_called_after(lab, tmp_path):
    for name, found in (("tiny (1).ipynb", "tiny"), ("other.ipynb", None)):
        (tmp_path / name).write_text("{ damaged")
        assert find_lab(tmp_path / name, lab) == found


def test_a_notebook_of_another_lab_is_none_of_these(lab, own, tmp_path):
    notebook = json.loads(own.read_text())
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"]["nbgrader"]["grade_id"] = f"other-{number}"
    (tmp_path / "tiny.ipynb").write_text(json.dumps(notebook))
    assert find_lab(tmp_path / "tiny.ipynb", lab) is None
