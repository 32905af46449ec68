"""A second lab, and archives of notebooks that say by their cells which lab they are of."""

import io
import json
import zipfile

import pytest

DATE = (2026, 3, 1, 12, 0, 0)


def notebook(lab, text=""):
    """A notebook of a lab, as text: with a cell of it, and one that says whose it is."""
    cells = [
        {"cell_type": "code", "id": f"{lab}-task", "metadata": {}, "source": ["x = 1"]},
        {"cell_type": "markdown", "id": "own", "metadata": {}, "source": [text]},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def pack(files, date=DATE):
    """The bytes of a zip archive with the given files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, held in files.items():
            opened.writestr(zipfile.ZipInfo(name, date), held, zipfile.ZIP_DEFLATED)
    return content.getvalue()


@pytest.fixture
def two_labs(lab):
    """The course with the labs `tiny` and `other`, which share no cell."""
    for name in ("tiny", "other"):
        path = lab.labs / "source" / name / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(notebook(name))
    return lab


@pytest.fixture
def export(tmp_path):
    """Function that writes an archive with the given files and returns its path."""

    def write(files, date=DATE):
        path = tmp_path / "export.zip"
        path.write_bytes(pack(files, date))
        return path

    return write


@pytest.fixture
def handed_in():
    """Function that returns what is in `submitted/`: paths to texts, without hidden files."""

    def read(course):
        folder = course.labs / "submitted"
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in paths
            if not path.name.startswith(".")
        }

    return read
