"""Graded cells: which checks they call, and the outputs from which nbgrader takes their points."""

import ast
import logging
import re

import nbformat
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade, is_grade, is_locked, is_solution

from classroom.cleaning import clean_line, make_error
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
STOPPED = ("TimeIsUp", "KernelLost", "KernelDied")
OWN_ERRORS = ("AssertionError", *STOPPED)
# Errors because of which nothing of a cell is run, and how they say where.
SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
PLACE = re.compile(r"(.*) \([^()]*, line (\d+)\)", re.DOTALL)
LONGEST_LINE = 200
# What IPython raises where nobody can be asked.
ASKING = "StdinNotImplementedError"
ASKS = "waits for input(), which nobody answers here: write the value into the code."


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
    error = find_error(cell)
    if error is None:
        score, points = read_score(cell)
        return "" if score == points else "The test gives a part of its points."
    name, message = error.ename, error.evalue
    if name == "NotImplementedError" and not message:
        return NOT_IMPLEMENTED
    if name == ASKING:
        return f"Your code {ASKS}"
    if name in OWN_ERRORS:
        return message or "The test fails."
    return f"{name}: {message}"


def find_error(cell):
    """Returns the output of the error that ended a cell, or None.

    A cell that was interrupted shows that too, before it is said why.
    """
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return next((error for error in errors if error.ename in STOPPED), (errors or [None])[0])


def find_answer(cells, number):
    """Finds the cells of the answer that a test is about.

    Args:
        cells: The notebook's cells.
        number: Number of the test's cell.

    Returns:
        List of the last solution cells of code before the test, up to another test.
    """
    found = []
    for cell in reversed(cells[:number]):
        if cell.cell_type == "code" and is_solution(cell):
            found.insert(0, cell)
        elif found and cell.cell_type == "code" and is_locked(cell):
            break
    return found


def explain_answer(cells, number, reasons):
    """Adds to the reasons why a test fails that the answer itself did not run to its end.

    Args:
        cells: The executed cells.
        number: Number of the test's cell.
        reasons: List of sentences.

    Returns:
        List of sentences. A syntax error stands alone: whatever else fails comes from it.
    """
    answer = find_answer(cells, number)
    causes = [sentence for cell in answer if (sentence := explain_failure(cell))]
    errors = [error.ename for cell in answer if (error := find_error(cell))]
    return causes if set(errors) & set(SYNTAX_ERRORS) else [*causes, *reasons]


def explain_failure(cell, name=None):
    """Says why a cell did not run to its end.

    Args:
        cell: The executed cell.
        name: What to call it, if not by its name.

    Returns:
        A sentence that a student may read; "" if it ran, or says itself that it is not implemented.
    """
    error, name = find_error(cell), name or f"the cell {name_of(cell)}"
    if error is None or error.ename == "NotImplementedError":
        return ""
    message = clean_line(error.evalue, LONGEST_LINE)
    if error.ename in STOPPED:
        return f"{name[0].upper()}{name[1:]} was stopped: {message}"
    if error.ename == ASKING:
        return f"{name[0].upper()}{name[1:]} {ASKS}"
    place = PLACE.fullmatch(message)
    if error.ename not in SYNTAX_ERRORS or not place:
        return f"{name[0].upper()}{name[1:]} raises {error.ename}: {message}"
    line = cell.source.splitlines()[int(place[2]) - 1 : int(place[2])]
    code = f", `{clean_line(line[0], LONGEST_LINE)}`" if line else ""
    return f"{error.ename} in line {place[2]} of {name}{code}: {place[1]}."


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
