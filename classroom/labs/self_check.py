"""Instant feedback for students: a lab's visible tests, run on their own notebook."""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader import utils
from nbgrader.nbgraderformat import ValidationError
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, Execute, IgnorePattern
from traitlets.config import Config

from classroom.kernels.socket_manager import SocketKernelManager
from classroom.reasons import NOT_IMPLEMENTED


class TestResult(NamedTuple):
    """What a test cell said.

    Attributes:
        cell: Name of the cell.
        passed: Whether it passes; None where the notebook cannot tell: a hidden check, or an answer
            that a person reads.
        points: Points that the cell is worth; none where it only says what to fix.
        message: What to fix, or "".
        edited: Whether the cell is not the one that was given out. The original is used for
            grading.
    """

    __test__ = False  # not a test of pytest's

    cell: str
    passed: bool | None
    points: float
    message: str
    edited: bool


def check_notebook(path):
    """Runs a lab's notebook from top to bottom and reads its test cells. The file is left as it is.

    Args:
        path: The notebook.

    Returns:
        List of `TestResult`s, in the notebook's order.

    Raises:
        ValueError: if the file is no lab, or its cells were copied or damaged.
    """
    path = Path(path)
    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist.") from None
    except Exception as error:
        raise ValueError(f"{path} is no notebook: {error}") from error
    if not any(utils.is_grade(cell) for cell in notebook.cells):
        raise ValueError(f"{path} is no lab: it has no test cells.")
    # stderr is no error: TensorFlow writes there
    config = Config(
        IgnorePattern={"enabled": True, "pattern": "."},
        Execute={"timeout": 120, "shutdown_kernel": "immediate"},
    )
    resources = {"metadata": {"path": str(path.resolve().parent)}}
    try:
        CheckCellMetadata().preprocess(notebook, resources)
    except ValidationError as error:
        raise ValueError(
            f"{path}: a test or solution cell was copied or damaged: {error}"
        ) from error
    for step in (
        ClearOutput(),
        Execute(config=config, kernel_manager_class=SocketKernelManager),
        IgnorePattern(config=config),
    ):
        notebook, resources = step.preprocess(notebook, resources)
    return [_read_result(cell) for cell in notebook.cells if utils.is_grade(cell) or _is_help(cell)]


def _is_help(cell):
    """Whether a cell is a visible test that is worth no points."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return cell.cell_type == "code" and utils.is_locked(cell) and name.endswith("-tests")


def _read_result(cell):
    about = cell.metadata.nbgrader
    score, points = utils.determine_grade(cell) if utils.is_grade(cell) else (None, 0)
    if utils.is_solution(cell):
        message = "not answered yet" if score == 0 else "read by a person"
        return TestResult(about.grade_id, None, points, message, False)
    if not re.search(r"^[^#\s]", cell.source, re.MULTILINE):
        return TestResult(about.grade_id, None, points, "checked when you hand in", False)
    edited = about.get("checksum") not in (None, utils.compute_checksum(cell))
    errors = [_explain(o) for o in cell.get("outputs", []) if o.output_type == "error"]
    message = errors[0] if errors else ""
    passed = score == points if utils.is_grade(cell) else not errors
    return TestResult(about.grade_id, passed, points, message, edited)


def _explain(error):
    """Says in words what a cell's error is."""
    if error.ename == "NotImplementedError" and not error.evalue:
        return NOT_IMPLEMENTED
    return f"{error.ename}: {error.evalue}".removeprefix("AssertionError: ")
