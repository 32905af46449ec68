"""Lectures and labs as files, and every lecture run in its fast profile."""

import re

import nbformat
import psutil
import pytest
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from classroom.catalogue import lectures as catalogue
from classroom.course import Course
from classroom.lectures import run_lectures
from classroom.markdown import MathRenderer

COURSE = Course.find(__file__)
LECTURES = catalogue.list_lectures(COURSE)
LABS = [COURSE.source(lab) for lab in COURSE.lab_names()]
PATHS = [lecture.path for lecture in LECTURES] + LABS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_with_ids_that_mean_something(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", cell.id)
        assert not re.fullmatch(r"[0-9a-f]{8}", cell.id), "an id made by a machine"


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)
def test_a_lecture_has_its_parts(lecture):
    notebook = nbformat.read(lecture.path, as_version=4)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert set(re.findall(r"^(\w+) = ", tagged[0].source, re.MULTILINE)) == {
        "PROFILE",
        "SOURCE",
        "SEED",
    }
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for part in (
        f"**{lecture.minutes} minutes**",
        "## Questions",
        "## In this notebook we have",
        "## Check yourself",
        "<summary>Answer</summary>",
        "## References",
        "redict before you run",
        "labs/",
    ):
        assert part in text, part
    for alt, figure in re.findall(r"!\[(.*?)\]\((.*?)\)", text):
        assert len(alt) > 20
        assert (COURSE.notebooks / figure).is_file()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_formulas_can_be_drawn(path):
    faults = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            renderer = MathRenderer(faults, escape=False)
            MarkdownWithMath(renderer=renderer).render(cell.source)
    assert faults == []


def test_the_syllabus_lists_every_lecture_in_its_order():
    syllabus = (COURSE.notebooks / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"\[(.*?)\]\((\w+\.ipynb)\) \| (\d+)", syllabus)
    assert rows == [(lec.title, lec.path.name, str(lec.minutes)) for lec in LECTURES]


def processor_seconds_of_kernels():
    """Of those that run now: the children of this process's warm server."""
    servers = psutil.Process().children()
    kernels = [kernel for server in servers for kernel in server.children()]
    return sum(sum(kernel.cpu_times()[:4]) for kernel in kernels)


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)
def test_a_lecture_runs_offline_and_fast(lecture, tmp_path, monkeypatch):
    """At most a minute of one processor: 30 s on two idle cores, which `make bench` measures."""
    for threads in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(threads, "1")  # other tests run beside it
    course = COURSE.copy(tmp_path)
    course.notebooks.rmdir()
    course.notebooks.symlink_to(COURSE.notebooks)
    spent = []
    done = run_lectures.run(
        course, lecture, step=lambda: spent.append(processor_seconds_of_kernels())
    )
    assert done.faults == []
    assert spent[-1] < 60
    assert len(done.figures) >= 3
