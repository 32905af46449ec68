"""Running lectures with papermill."""

import base64
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill

from course_lib.classroom import lecture_cells, lecture_pages
from course_lib.classroom.kernels import SocketKernelManager
from course_lib.classroom.lecture_cells import UNSOLVED, tags


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
        of_cells: Seconds that each code cell took, by the cell's id.
        page: The executed lecture as an HTML page.
        figures: Its figures, as PNG files.
        faults: What went wrong: in which cell an error, which claims do not hold, which exercises
            have a wrong check.
    """

    lecture: Lecture
    seconds: float
    of_cells: dict[str, float]
    page: Path
    figures: list[Path]
    faults: list[str]


def list_lectures(course):
    """Returns the `Lecture`s of a course in their order."""
    return [_read(path) for path in sorted(course.notebooks.glob("*.ipynb"))]


def _read(path):
    notebook = nbformat.read(path, as_version=4)
    heading = next(
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    ).splitlines()[0]
    about = notebook.metadata.course
    prepared = lecture_cells.prepare(notebook)
    steps = 1 + sum(cell.cell_type == "code" for cell in prepared.cells)
    return Lecture(path, heading.lstrip("# "), about.minutes, about.prerequisites, steps)


def named(course, names=None):
    """Picks lectures.

    Args:
        course: A `Course`.
        names: Parts of lectures' names; all lectures if none.

    Returns:
        List of `Lecture`.

    Raises:
        ValueError: if a part fits no lecture.
    """
    lectures = list_lectures(course)
    for name in names or []:
        if not any(name in lecture.name for lecture in lectures):
            raise ValueError(f"No lecture's name holds {name!r}. See `course lectures list`.")
    return [
        lecture for lecture in lectures if not names or any(name in lecture.name for name in names)
    ]


def run(course, lecture, profile="fast", source="synthetic", seed=0, step=lambda: None):
    """Runs a lecture with its exercises solved, and keeps what it shows.

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
    nbformat.write(lecture_cells.prepare(nbformat.read(lecture.path, as_version=4)), executed)
    faults = []
    try:
        papermill.execute_notebook(
            executed,
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
        faults = [f"cell {error.cell_index + 1}: {error.ename}: {error.evalue}"]
    notebook = nbformat.read(executed, as_version=4)
    faults = faults or lecture_cells.faults(notebook.cells)
    of_cells = {
        cell.id: cell.metadata.papermill.duration or 0
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    notebook.cells = [cell for cell in notebook.cells if UNSOLVED not in tags(cell)]
    nbformat.write(notebook, executed)
    page = executed.with_suffix(".html")
    lecture_pages.write_page(course, notebook, page)
    lecture_pages.write_index(list_lectures(course), page.parent)
    figures = _keep_figures(course.build / "figures" / lecture.name, notebook)
    return Run(lecture, notebook.metadata.papermill.duration, of_cells, page, figures, faults)


def write_tutor_version(course, lecture):
    """Writes a lecture as its lecturer wants it: solutions open, speaker's notes visible.

    Args:
        course: A `Course`; results go to `build/tutor/`.
        lecture: A `Lecture`. Where it was run, the page shows what it showed then.

    Returns:
        Paths of the notebook and of the page.
    """
    notebook = course.build / "tutor" / lecture.path.name
    notebook.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(lecture_cells.tutor(nbformat.read(lecture.path, as_version=4)), notebook)
    executed = course.build / "lectures" / lecture.path.name
    shown = nbformat.read(executed if executed.exists() else lecture.path, as_version=4)
    page = notebook.with_suffix(".html")
    lecture_pages.write_page(course, lecture_cells.tutor(shown), page)
    lecture_pages.write_index(list_lectures(course), page.parent)
    return notebook, page


def working_copy(course, fresh=False):
    """Copies the lectures, so that lecturing does not change the course.

    Args:
        course: A `Course`; the copy is in `build/live/`.
        fresh: Whether to copy all files anew, in place of those that are there already.

    Returns:
        The folder.
    """
    folder = course.build / "live"
    for path in sorted(course.notebooks.rglob("*")):
        copied = folder / path.relative_to(course.notebooks)
        if path.is_dir() or ".ipynb_checkpoints" in path.parts or (copied.exists() and not fresh):
            continue
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    return folder


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
