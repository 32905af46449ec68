import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.classroom import lectures
from course_lib.classroom.course import Course

pytestmark = pytest.mark.services

PICTURE = """
import base64
from IPython.display import Image
Image(base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="))
"""


@pytest.fixture
def course(tmp_path):
    """A course with one lecture, which shows a picture and fails when it is told to."""
    (tmp_path / "notebooks").mkdir()
    parameters = new_code_cell("PROFILE = SOURCE = 'none'\nSEED = 0")
    parameters.metadata.tags = ["parameters"]
    cells = [
        new_markdown_cell("# A lecture\n\nIt is short."),
        parameters,
        new_code_cell(PICTURE),
        new_code_cell("print(PROFILE, SOURCE, SEED)\nassert SEED < 5, 'too large a seed'"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"kernelspec": kernel, "course": {"minutes": 5, "prerequisites": ["none"]}}
    nbformat.write(new_notebook(cells=cells, metadata=about), tmp_path / "notebooks/01_a.ipynb")
    return Course(tmp_path)


def test_listing(course):
    (lecture,) = lectures.list_lectures(course)
    assert (lecture.name, lecture.title, lecture.minutes) == ("01_a", "A lecture", 5)
    assert (lecture.prerequisites, lecture.steps) == (["none"], 4)


def test_a_run_is_kept_as_notebook_page_and_figures(course):
    (lecture,) = lectures.list_lectures(course)
    steps = []
    done = lectures.run(course, lecture, "full", "real", 3, step=lambda: steps.append(1))
    assert done.fault == ""
    assert 0 < done.seconds < 60
    assert "full real 3" in done.page.read_text()
    assert [figure.read_bytes()[:4] for figure in done.figures] == [b"\x89PNG"]
    assert len(steps) == lecture.steps
    source = nbformat.read(lecture.path, as_version=4)
    assert not any(cell.get("outputs") for cell in source.cells)


def test_a_lecture_that_fails_is_kept_and_named(course):
    (lecture,) = lectures.list_lectures(course)
    done = lectures.run(course, lecture, seed=7)
    assert done.fault.endswith("AssertionError: too large a seed")
    assert "too large a seed" in done.page.read_text()
    assert len(done.figures) == 1
