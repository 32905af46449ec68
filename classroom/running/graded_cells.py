"""Graded cells: which checks they call, and the outputs from which nbgrader takes their points."""

import ast
import logging

import nbformat
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade, is_grade, is_solution

from classroom.cleaning import make_error
from classroom.reasons import NOT_IMPLEMENTED

log = logging.getLogger(__name__)

# The modules that cells call checks from; in the second, those that older gradebooks hold.
CHECKS = ("classroom.checks", "course_lib.classroom.checks")
MORE_THAN_CHECKS = (
    "The cell {!r} calls a hidden check and does more: {}. Expected is nothing but "
    "`check(LAB, TASK, globals())`, with a seed as its fourth argument or without; give what else "
    "it does a cell of its own."
)
# Errors that the grader itself puts into an output.
OWN_ERRORS = ("AssertionError", "TimeIsUp", "KernelLost", "KernelDied")


def name_of(cell):
    """Returns the name that nbgrader has for a cell, or else Jupyter's."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)


def find_checks(cell):
    """Finds the hidden checks of a graded cell, its calls of `check(lab, task, globals(), seed)`.

    Args:
        cell: The cell.

    Returns:
        List of pairs of a task and a seed, None if it names none; empty if it calls no check.

    Raises:
        ValueError: if the cell does more than call checks, or calls them in another way.
    """
    calls = any(f"from {module} import" in cell.source for module in CHECKS)
    if not is_grade(cell) or is_solution(cell) or not calls:
        return []
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as error:
        raise ValueError(MORE_THAN_CHECKS.format(name_of(cell), error)) from error
    tasks = []
    for statement in statements:
        match statement:
            case ast.Expr(ast.Call(ast.Name("check"), [_, ast.Constant(str(task)), _], [])):
                tasks.append((task, None))
            case ast.Expr(
                ast.Call(
                    ast.Name("check"), [_, ast.Constant(str(task)), _, ast.Constant(int(seed))], []
                )
            ):
                tasks.append((task, seed))
            case ast.ImportFrom(module) if module in CHECKS:
                pass
            case _:
                raise ValueError(MORE_THAN_CHECKS.format(name_of(cell), ast.unparse(statement)))
    return tasks


def is_score(cell, output):
    """Says whether nbgrader can take a test's points from an output; one such output is enough.

    Args:
        cell: The cell, with the outputs before.
        output: The output.
    """
    if not is_grade(cell) or output.output_type != "execute_result":
        return False
    is_another = cell.outputs and cell.outputs[-1].output_type == "execute_result"
    return not is_another and bool(output.data.get("text/plain"))


def read_score(cell):
    """Reads a graded cell's score as nbgrader does, but words on stderr cost no points.

    Args:
        cell: The executed cell.

    Returns:
        Its score, None if a person has to grade it, and its points.
    """
    said = [output for output in cell.get("outputs", []) if output.get("name") != "stderr"]
    return determine_grade(nbformat.from_dict({**cell, "outputs": said}), log)


def read_reason(cell):
    """Says why a cell that was run as nbgrader does lost points.

    Args:
        cell: The executed cell.

    Returns:
        The reason, in words that a student may read; "" if none were lost.
    """
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:
        score, points = read_score(cell)
        return "" if score == points else "The test gives a part of its points."
    name, message = errors[0].ename, errors[0].evalue
    if name == "NotImplementedError" and not message:
        return NOT_IMPLEMENTED
    if name in OWN_ERRORS:
        return message or "The test fails."
    return f"{name}: {message}"


def write_verdict(cell, verdict):
    """Writes a verdict as the output from which nbgrader takes the cell's points.

    Args:
        cell: The cell.
        verdict: A `Verdict`.
    """
    words = "\n".join(verdict.unmet)
    if verdict.share == 0:
        cell.outputs.append(make_error("RequirementNotMet", words))
    elif verdict.share < 1:
        points = verdict.share * cell.metadata.nbgrader.points
        cell.outputs.insert(0, new_output("execute_result", data={"text/plain": f"{points:.12g}"}))
        cell.outputs.append(new_output("stream", name="stdout", text=words))
