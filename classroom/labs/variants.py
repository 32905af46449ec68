"""Variants of a lab: answers with the score that they must get.

A variant is a script in `labs/variants/LAB/` in jupytext's percent format. Its first cell holds a
docstring, which says what is right or wrong about it, and `LOSES`, the points that it loses in each
test cell. A hostile one, which tries to get points by other means, has a name that begins with
`hostile_` and may have `REPORTED`, words that its hints or notes must hold. Every other cell
replaces the solution cell whose name it bears; the rest is the reference solution.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.utils import is_grade, is_solution

from classroom.results.questions import question_of
from classroom.submissions.match_cells import definitions


@dataclass(frozen=True)
class Variant:
    """One answer to a lab.

    Attributes:
        name: Name of its file, without the ending.
        about: What is right or wrong about it.
        loses: Dictionary from test cells to the points lost in them.
        reported: Words that its hints or notes must hold, or "".
        answers: Dictionary from solution cells to their source.
    """

    name: str
    about: str
    loses: dict[str, float]
    reported: str
    answers: dict[str, str]

    @property
    def hostile(self):
        """Whether it tries to get points by other means. The code of all others gives no hint."""
        return self.name.startswith("hostile_")

    @property
    def tasks(self):
        """The tasks that it answers or loses points in."""
        return {*self.answers, *map(question_of, self.loses)}


def read(path):
    """Reads a variant.

    Args:
        path: The script.

    Returns:
        A `Variant`.

    Raises:
        ValueError: if the script has no docstring or no `LOSES`.
    """
    import jupytext  # a quarter of a second

    head, *cells = jupytext.read(path, fmt="py:percent").cells
    tree = ast.parse(head.source)
    said = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
    }
    if not ast.get_docstring(tree) or "LOSES" not in said:
        raise ValueError(f"{path} should begin with a docstring and LOSES = {{...}}.")
    answers = {cell.metadata.title: cell.source for cell in cells}
    about = ast.get_docstring(tree)
    return Variant(Path(path).stem, about, said["LOSES"], said.get("REPORTED", ""), answers)


def read_all(course, lab):
    """Reads all variants of a lab, by name."""
    return [read(path) for path in list_paths(course, lab)]


def list_paths(course, lab):
    """Lists the scripts of a lab's variants, by name."""
    return sorted((course.labs / "variants" / lab).glob("*.py"))


def answer(notebook, answers):
    """Fills answers into a lab's notebook.

    Args:
        notebook: The lab as `nbformat` reads it, with or without solutions.
        answers: Dictionary from names of solution cells to their source.

    Returns:
        A copy of the notebook.

    Raises:
        ValueError: if the notebook has no such cell.
    """
    notebook = nbformat.from_dict(notebook)
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if is_solution(cell)}
    for name, source in answers.items():
        if name not in cells:
            raise ValueError(
                f"The lab has no solution cell {name!r}. There are: {', '.join(cells)}."
            )
        cells[name].source = source
    return notebook


def pack(found, solved):
    """Groups variants whose answers can stand in one notebook.

    Tasks do not depend on each other, so wrong answers to different tasks are judged in one run,
    each by its own cells. Right and hostile variants stay alone, and those that do more in a cell
    than define what the reference solution defines there.

    Args:
        found: List of `Variant`s.
        solved: The reference solutions, as `solutions` returns them.

    Returns:
        List of lists of variants, in each of which no two have a task in common.
    """
    packs, alone = [], []
    for variant in found:
        if not may_share(variant, solved):
            alone.append([variant])
            continue
        free = [pack for pack in packs if not any(variant.tasks & one.tasks for one in pack)]
        if free:
            free[0].append(variant)
        else:
            packs.append([variant])
    return packs + alone


def may_share(variant, solved):
    """Says whether a variant is a wrong answer that can share a notebook with others.

    Args:
        variant: A `Variant`.
        solved: The reference solutions, as `solutions` returns them.
    """
    return (
        variant.loses
        and not variant.hostile
        and all(
            name in solved and _only_defines(source, definitions(solved[name]))
            for name, source in variant.answers.items()
        )
    )


def _only_defines(source, known):
    """Whether a cell does nothing but define functions and classes of these names."""
    try:
        return {getattr(one, "name", None) for one in ast.parse(source).body} <= known
    except SyntaxError:
        return False


def solutions(notebook):
    """Returns a dictionary from each solution cell's name to its source."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source for cell in notebook.cells if is_solution(cell)
    }


def points(notebook):
    """Returns a dictionary from each test cell's name to its points."""
    return {
        cell.metadata.nbgrader.grade_id: float(cell.metadata.nbgrader.points)
        for cell in notebook.cells
        if is_grade(cell) and not is_solution(cell)
    }
