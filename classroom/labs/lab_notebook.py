"""A student's notebook of a lab, as the grader will read it."""

import ast
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from nbgrader import utils
from nbgrader.nbgraderformat import MetadataValidator, ValidationError

from classroom.catalogue.own_notebooks import find_original
from classroom.cleaning import clean_line, make_error
from classroom.compat import nbformat
from classroom.running.graded_cells import name_of
from classroom.submissions.read_cells import as_lines
from classroom.submissions.repair import read_file

LONGEST_LINE = 60
STUB = "raise NotImplementedError"
# What IPython understands and Python does not.
MAGIC = re.compile(r"^\s*[%!?]|\?\s*$|=\s*[%!]", re.MULTILINE)
LEFT_OUT = re.compile(
    r"^([ \t]*)[%!]+(?:\S+ -m |uv )?(?:(?P<installs>pip|conda|mamba)\b"
    r"|(?P<checks>\S*\bcourse(?:\.cli)? .*\bcheck)\b).*$",
    re.MULTILINE,
)
INSTALLS = (
    "{} installs packages: left out, since your work is graded with the course's packages and "
    "without a network. Delete the line, and install in a terminal what you need yourself."
)
CHECKS = "{} calls `course check`: left out. Delete the line, and call it in a terminal."


@dataclass(frozen=True)
class LabNotebook:
    """A student's notebook of a lab.

    Attributes:
        path: The file.
        lab: Name of the lab; None where the lab as it was given out is not at hand.
        notebook: The notebook as the grader will read it, without outputs. A cell that Python
            cannot parse has the error as its output already.
        edited: Names of the test cells that were edited.
        untouched: Names of the answers that are still as they were given out.
        notes: What was odd about the file and how it was mended, in words.
    """

    path: Path
    lab: str | None
    notebook: "nbformat.NotebookNode"
    edited: set[str]
    untouched: set[str]
    notes: list[str]


def read_lab(path, course=None):
    """Reads a student's notebook as the grader will.

    Args:
        path: The file, which is left as it is.
        course: The `Course` in which the labs lie as they were given out, or None.

    Returns:
        A `LabNotebook`.

    Raises:
        ValueError: if the file cannot be read or is no lab; the message says what to do.
    """
    path, untouched = Path(path), set()
    original = course and find_original(path, course)
    if original:
        release = nbformat.read(original, as_version=4)
        submission = read_file(path, release)
        notebook, edited, notes = submission.notebook, submission.edited, list(submission.notes)
        given_out = {cell.id: cell.source for cell in release.cells if STUB in cell.source}
        untouched = {
            name_of(cell)
            for cell in notebook.cells
            if utils.is_solution(cell)
            and cell.id in given_out
            and as_lines(cell.source) == as_lines(given_out[cell.id])
        }
        if path.name != original.name:
            notes.append(f"Hand it in as {original.name}: that is the name of this lab's notebook.")
    else:
        notebook, notes = _read_as_it_is(path), []
        edited = [name_of(cell) for cell in notebook.cells if _is_edited(cell)]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            _leave_out(cell, notes)
            _parse(cell)
    lab = original.parent.name if original else None
    return LabNotebook(path, lab, notebook, set(edited), untouched, notes)


def describe(cell):
    """Names a cell so that a student finds it."""
    if name := cell.metadata.get("nbgrader", {}).get("grade_id"):
        return f"the cell {name}"
    line = next(filter(str.strip, cell.source.splitlines()), "")
    return f"the cell that begins with `{clean_line(line, LONGEST_LINE)}`"


def _read_as_it_is(path):
    """Reads a lab whose original is not at hand."""
    try:
        notebook = nbformat.read(path, as_version=4)
        is_lab = any(utils.is_grade(cell) for cell in notebook.cells)
    except Exception as error:  # whatever a damaged file raises
        raise ValueError(
            f"{path} is no notebook that can be read: {error} Save it in Jupyter once more."
        ) from error
    if not is_lab:
        raise ValueError(
            f"{path} is no lab: it has no test cells. Name the notebook in which you solve a lab."
        )
    try:
        MetadataValidator().validate_nb(notebook)
    except ValidationError as error:
        raise ValueError(
            f"{path}: a test or solution cell was copied or damaged: {error} Delete the copy, or "
            "begin with the notebook that was given out and copy your answers into it."
        ) from error
    return notebook


def _is_edited(cell):
    given_out = cell.metadata.get("nbgrader", {}).get("checksum")
    is_test = cell.cell_type == "code" and utils.is_locked(cell)
    return is_test and given_out not in (None, utils.compute_checksum(cell))


def _leave_out(cell, notes):
    """Leaves out lines that install packages, or check the notebook that they are in."""
    for line in LEFT_OUT.finditer(cell.source):
        reason = INSTALLS if line["installs"] else CHECKS
        place = describe(cell)
        notes.append(reason.format(place[0].upper() + place[1:]))
    cell.source = LEFT_OUT.sub(r"\1pass", cell.source)


def _parse(cell):
    """Gives a cell that Python cannot parse the error as its output."""
    if MAGIC.search(cell.source):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            words = f"{error.msg} (cell, line {error.lineno})"
            cell.outputs.append(make_error(type(error).__name__, words))
        except (ValueError, RecursionError, MemoryError):
            return  # the kernel says what is wrong
