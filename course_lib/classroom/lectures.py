"""Running lectures with papermill."""

import base64
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbconvert.exporters import HTMLExporter

from course_lib.classroom.kernels import SocketKernelManager


@dataclass(frozen=True)
class Lecture:
    """One lecture notebook.

    Attributes:
        path: The notebook.
        title: Its first heading.
        minutes: How long it takes in class.
        prerequisites: Names of the lectures that it builds on.
        steps: Number of cells that a run executes, papermill's parameters included.
    """

    path: Path
    title: str
    minutes: int
    prerequisites: list[str]
    steps: int

    @property
    def name(self):
        return self.path.stem


@dataclass(frozen=True)
class Run:
    """A lecture that was run.

    Attributes:
        lecture: The `Lecture`.
        seconds: Time that its cells took, the start of the kernel included.
        page: The executed lecture as an HTML page.
        figures: Its figures, as PNG files.
        fault: What went wrong in which cell, or "".
    """

    lecture: Lecture
    seconds: float
    page: Path
    figures: list[Path]
    fault: str


def list_lectures(course):
    """Returns the `Lecture`s of a course in their order."""
    return [_read(path) for path in sorted(course.notebooks.glob("*.ipynb"))]


def _read(path):
    notebook = nbformat.read(path, as_version=4)
    heading = next(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    ).splitlines()[0]
    about = notebook.metadata.course
    steps = 1 + sum(cell.cell_type == "code" for cell in notebook.cells)
    return Lecture(path, heading.lstrip("# "), about.minutes, about.prerequisites, steps)


def run(course, lecture, profile="fast", source="synthetic", seed=0, step=lambda: None):
    """Runs a lecture, and keeps what it shows: notebook, page and figures.

    Args:
        course: A `Course`; results go to `build/lectures/` and `build/figures/`.
        lecture: A `Lecture`.
        profile: `"fast"` or `"full"`.
        source: `"synthetic"` or `"real"` data.
        seed: Seed that the lecture starts from.
        step: Function called after each cell.

    Returns:
        A `Run`. A lecture that fails is kept up to the cell that failed.
    """
    executed = course.build / "lectures" / lecture.path.name
    executed.parent.mkdir(parents=True, exist_ok=True)
    fault = ""
    try:
        papermill.execute_notebook(
            lecture.path,
            executed,
            parameters={"PROFILE": profile, "SOURCE": source, "SEED": seed},
            cwd=course.notebooks,
            kernel_name="course",
            progress_bar=False,
            kernel_manager_class=SocketKernelManager,
            shutdown_kernel="immediate",
            on_cell_complete=lambda **_: step(),
        )
    except papermill.PapermillExecutionError as error:
        fault = f"cell {error.cell_index + 1}: {error.ename}: {error.evalue}"
    notebook = nbformat.read(executed, as_version=4)
    page = executed.with_suffix(".html")
    html, _ = HTMLExporter(embed_images=True).from_notebook_node(
        notebook, {"metadata": {"path": str(course.notebooks)}}
    )
    page.write_text(html, encoding="utf-8")
    figures = _keep_figures(course.build / "figures" / lecture.name, notebook)
    return Run(lecture, notebook.metadata.papermill.duration, page, figures, fault)


def _keep_figures(folder, notebook):
    """Writes the notebook's figures to a folder, numbered, and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [
        output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})
    ]
    paths = [folder / f"{number:02}.png" for number in range(1, len(pictures) + 1)]
    for path, picture in zip(paths, pictures):
        path.write_bytes(base64.b64decode(picture))
    return paths
