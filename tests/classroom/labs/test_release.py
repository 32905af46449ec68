import re
import zipfile
from pathlib import Path

import nbformat
import pytest

from classroom.labs import variants
from classroom.labs.bundle import bundle
from classroom.labs.release import release

PRIVATE = {"checks", "variants", "source"}  # folders of `labs/`


@pytest.fixture
def unpacked(course, tmp_path):
    """What a student sees: the unpacked bundle of the real course, made in a copy."""
    copy = course.copy(tmp_path / "copy")
    for name in ("course_lib", "classroom", "notebooks", "data", "docs", "Makefile", "course"):
        _link(course.root / name, copy.root / name)
    for name in ("LICENSE", "pyproject.toml", "constraints.txt", "environment.yml", "course.cmd"):
        _link(course.root / name, copy.root / name)
    path = bundle(copy, tmp_path / "bundle.zip")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "student")
    return tmp_path / "student" / "course"


def _link(source, target):
    if target.is_dir():
        target.rmdir()
    target.symlink_to(source)


def test_a_release_has_no_solution_and_no_hidden_check(lab):
    notebook = nbformat.read(release(lab, "tiny"), as_version=4)
    assert "raise NotImplementedError" in notebook.cells[0].source
    assert "2 * x" not in notebook.cells[0].source
    assert notebook.cells[2].source == "# Hidden check: other numbers."


def test_a_release_is_the_same_each_time(lab):
    assert release(lab, "tiny").read_bytes() == release(lab, "tiny").read_bytes()


def test_a_release_that_nbgrader_refuses_leaves_the_one_before(lab):
    with lab.gradebook("tiny") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("tiny", "ada")
    before = lab.released("tiny").read_bytes()
    notebook = nbformat.read(lab.source("tiny"), as_version=4)
    del notebook.cells[1]
    nbformat.write(notebook, lab.source("tiny"))
    with pytest.raises(ValueError, match="keeps its cells"):
        release(lab, "tiny")
    assert lab.released("tiny").read_bytes() == before


def test_the_bundle_holds_what_a_student_needs(unpacked, course):
    for name in ("README.md", "Makefile", "pyproject.toml", "constraints.txt", "environment.yml"):
        assert (unpacked / name).is_file()
    assert (unpacked / "course_lib" / "course.mplstyle").is_file()
    lectures = {path.name for path in course.notebooks.glob("*.ipynb")}
    assert {path.name for path in (unpacked / "notebooks").glob("*.ipynb")} == lectures
    labs = {path.name for path in (unpacked / "labs").iterdir()}
    assert labs == {*course.lab_names(), "nbgrader_config.py", "release"}
    rooms = {path.name for path in (unpacked / "classroom").iterdir() if path.is_dir()}
    assert not rooms & {"collecting", "grading", "reports", "serve", "sheets"}
    assert not (unpacked / "classroom" / "checks" / "judge.py").exists()
    private = {path.stem for path in (unpacked / "classroom" / "compat").glob("*.py")}
    assert private == {"__init__", "multiprocessing", "nbformat", "nbgrader"}


def test_the_bundle_holds_no_solution_no_check_and_no_variant(unpacked, course):
    secrets = []
    for lab in course.lab_names():
        source = course.source(lab)
        for code in variants.solutions(nbformat.read(source, as_version=4)).values():
            secrets += re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", code, re.DOTALL)
        for variant in variants.read_all(course, lab):
            secrets += variant.answers.values()
        checks = (course.labs / "checks" / f"{lab}.py").read_text()
        secrets += re.split(r"\n(?=class |    def |    @)", checks)
    secrets = {_squeeze(secret) for secret in secrets if len(_squeeze(secret)) > 40}
    assert len(secrets) > 30
    for path in filter(Path.is_file, unpacked.rglob("*")):
        inside = path.relative_to(unpacked)
        assert inside.parts[0] == "classroom" or not PRIVATE & set(inside.parts)
        text = _squeeze(_read(path))
        assert [secret for secret in secrets if secret in text] == [], path


def _read(path):
    if path.suffix == ".ipynb":
        return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    return path.read_text(encoding="utf-8", errors="replace")


def _squeeze(text):
    return " ".join(text.split())


def test_a_cell_without_points_is_not_released(lab):
    path = lab.source("tiny")
    path.write_text(path.read_text().replace('"points": 2', '"point": 2'))
    with pytest.raises(ValueError, match=r"'double-check' has no number of `points`"):
        release(lab, "tiny")
