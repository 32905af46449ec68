"""Running lectures with papermill."""

import base64
import filecmp
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError

from classroom.catalogue.lectures import Lecture, list_lectures
from classroom.kernels.socket_manager import SocketKernelManager
from classroom.lectures import lecture_cells, lecture_pages


@dataclass(frozen=True)
class Run:
    """A lecture that was run.

    Attributes:
        lecture: The `Lecture`.
        seconds: Time that its cells took, the start of the kernel included.
        of_cells: Seconds that each code cell took, by the cell's id.
        page: The executed lecture as an HTML page.
        figures: Its figures, as PNG files.
        faults: What went wrong: which claims do not hold, in which cell an error, which exercises
            have a wrong check, which formulas cannot be drawn.
    """

    lecture: Lecture
    seconds: float
    of_cells: dict[str, float]
    page: Path
    figures: list[Path]
    faults: list[str]


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
    parameters = {"PROFILE": profile, "SOURCE": source, "SEED": seed}
    notebook = _execute(course, executed, parameters, step)
    faults = lecture_cells.faults(notebook.cells)
    of_cells = {
        cell.id: cell.metadata.papermill.duration or 0
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    notebook.cells = lecture_cells.restore(notebook.cells)
    nbformat.write(notebook, executed)
    page = executed.with_suffix(".html")
    faults += lecture_pages.write_page(course, lecture.title, notebook, page)
    lecture_pages.write_index(list_lectures(course), page.parent)
    figures = _keep_figures(course.build / "figures" / lecture.name, notebook)
    return Run(lecture, notebook.metadata.papermill.duration, of_cells, page, figures, faults)


def run_beside_others(*arguments):
    """Runs a lecture as `run` does, in a process that has been started for it.

    Its kernel takes memory of a GPU only as it needs it, unless the environment says otherwise. It
    has as many threads as one that runs alone: with another number, sums are taken in another
    order, and a network that is trained with convolutions becomes another one.

    Args:
        *arguments: As for `run`.

    Returns:
        A `Run`.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    return run(*arguments)


def _execute(course, path, parameters, step):
    """Runs a notebook in its place, as far as it goes, and returns it."""
    died = False
    try:
        papermill.execute_notebook(
            path,
            path,
            parameters=parameters,
            cwd=course.notebooks,
            kernel_name="course",
            progress_bar=False,
            kernel_manager_class=SocketKernelManager,
            shutdown_kernel="immediate",
            on_cell_complete=lambda **_: step(),
        )
    except papermill.PapermillExecutionError:
        pass  # the cell shows its error
    except DeadKernelError:
        died = True
    notebook = nbformat.read(path, as_version=4)
    if died:
        lecture_cells.blame_dead_kernel(notebook.cells)
    return notebook


def write_tutor_version(course, lecture):
    """Writes a lecture as its lecturer wants it: solutions open, speaker's notes visible.

    Args:
        course: A `Course`; results go to `build/tutor/`.
        lecture: A `Lecture`. Where it was run as it is now, the page shows what it showed then.

    Returns:
        Paths of the notebook and of the page.
    """
    notebook = course.build / "tutor" / lecture.path.name
    notebook.parent.mkdir(parents=True, exist_ok=True)
    shown = nbformat.read(lecture.path, as_version=4)
    nbformat.write(lecture_cells.tutor(shown), notebook)
    executed = course.build / "lectures" / lecture.path.name
    if executed.exists():
        shown = lecture_cells.with_outputs(shown, nbformat.read(executed, as_version=4))
    page = notebook.with_suffix(".html")
    lecture_pages.write_page(course, lecture.title, lecture_cells.tutor(shown), page)
    lecture_pages.write_index(list_lectures(course), page.parent)
    return notebook, page


def working_copy(course, fresh=()):
    """Copies the lectures, so that lecturing does not change the course.

    Args:
        course: A `Course`; the copy is in `build/live/`.
        fresh: `Lecture`s to copy anew. Where the copy that is there already differs, it is kept as
            `NAME.old.ipynb`. All other notebooks that are there already stay as they are.

    Returns:
        The folder.
    """
    folder = course.build / "live"
    anew = {lecture.path for lecture in fresh}
    for path in sorted(course.notebooks.rglob("*")):
        if path.is_dir() or ".ipynb_checkpoints" in path.parts:
            continue
        copied = folder / path.relative_to(course.notebooks)
        if path.suffix == ".ipynb" and copied.exists():
            if path not in anew or filecmp.cmp(path, copied, shallow=False):
                continue
            copied.replace(copied.with_suffix(".old.ipynb"))
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
    return folder


def outdated(course, lectures):
    """Finds lectures that were changed after their working copy.

    Args:
        course: A `Course`, with a working copy.
        lectures: List of `Lecture`s.

    Returns:
        Those of them whose copy is older and differs.
    """
    copies = [course.build / "live" / lecture.path.name for lecture in lectures]
    return [
        lecture
        for lecture, copy in zip(lectures, copies)
        if lecture.path.stat().st_mtime > copy.stat().st_mtime
        and not filecmp.cmp(lecture.path, copy, shallow=False)
    ]


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
