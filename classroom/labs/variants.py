"""Variants of a lab: answers with the score that they must get.

A variant is a script in `labs/variants/LAB/` in jupytext's percent format. Its first cell holds a
docstring, which says what is right or wrong about it, and `LOSES`, the points that it loses in each
test cell. In a lab of several notebooks cells are called `NOTEBOOK/CELL`. A hostile one, which
tries to get points by other means, has a name that begins with `hostile_` and may have `REPORTED`,
words that its hints or notes must hold.

If it differs from the reference solution in a few lines, its first cell lists them in `REPLACE`, a
dictionary from old text to new text. Each old text occurs exactly once in all solution cells
together. Every other cell replaces the solution cell whose name it bears; the rest is the reference
solution.
"""

import ast
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import nbformat
from nbgrader.utils import is_solution

from classroom.catalogue.labs import name_cell, read_points, variant_paths
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


def read(path, solved):
    """Reads a variant.

    Args:
        path: The script.
        solved: The reference solutions, as `solutions` returns them.

    Returns:
        A `Variant`.

    Raises:
        ValueError: if the script has no docstring or no `LOSES`; if a cell bears no name, or that
            of no solution cell; if a text that it replaces does not occur exactly once in all
            solutions together, or overlaps another; if it both edits a task and answers it by a
            cell.
    """
    import jupytext  # a quarter of a second

    head, *cells = jupytext.read(path, fmt="py:percent").cells or [None]
    about, said = _read_head(path, head.source if head else "")
    for number, cell in enumerate(cells, 2):
        if (name := cell.metadata.get("title", "")) not in solved:
            raise ValueError(
                f"{path}: its cell {number} should begin with `# %% TASK`, the name of a solution "
                f"cell, not {name!r}. There are: {', '.join(solved)}."
            )
    answers = {cell.metadata.title: cell.source for cell in cells}
    edited = _edit(path, solved, said.get("REPLACE", {}))
    if both := answers.keys() & edited.keys():
        raise ValueError(
            f"{path} both edits {', '.join(sorted(both))} by REPLACE and answers it by a cell. "
            "Keep one of the two."
        )
    return Variant(
        Path(path).stem, about, said["LOSES"], said.get("REPORTED", ""), edited | answers
    )


def _read_head(path, source):
    """Returns the docstring of a variant's first cell, and a dictionary of what it assigns."""
    try:
        tree = ast.parse(source)
        said = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
        }
    except (AttributeError, SyntaxError, ValueError) as error:
        raise ValueError(
            f"{path}: its first cell holds more than a docstring, LOSES, REPLACE and REPORTED, or "
            f"values that are not written out: {error}."
        ) from error
    if not ast.get_docstring(tree) or not isinstance(said.get("LOSES"), dict):
        raise ValueError(f"{path} should begin with a docstring and LOSES = {{...}}.")
    return ast.get_docstring(tree), said


def _edit(path, solved, replace):
    """Returns a dictionary from the solution cells that are edited to their edited source."""
    edits = {}
    for old, new in replace.items():
        task, start = _find(path, solved, old)
        edits.setdefault(task, []).append((start, start + len(old), new))
    return {task: _apply(path, solved[task], sorted(found)) for task, found in edits.items()}


def _find(path, solved, old):
    """Returns the solution cell that holds a text, and where it begins there."""
    places = [
        (task, match.start())
        for task, source in solved.items()
        for match in re.finditer(f"(?={re.escape(old)})", source)
    ]
    if len(places) != 1:
        raise ValueError(
            f"{path} replaces {old!r}, which occurs {len(places)} times in the reference solution "
            "and should occur once. Copy it from there, with enough of the text around it."
        )
    return places[0]


def _apply(path, source, edits):
    """Applies edits, a sorted list of where they begin and end and what they insert."""
    for (_, end, _), (start, last, _) in pairwise(edits):
        if start < end:
            raise ValueError(
                f"{path} replaces {source[start : min(end, last)]!r} twice: two texts of REPLACE "
                "overlap there. Merge them into one."
            )
    for start, end, new in reversed(edits):
        source = source[:start] + new + source[end:]
    return source


def read_all(course, lab):
    """Reads all variants of a lab, by name.

    Raises:
        ValueError: as `read`, and if one loses points in a cell that is no test cell, or more than
            there are, with its path.
    """
    solved, points = all_solutions(read_sources(course, lab)), read_points(course, lab)
    found = [(path, read(path, solved)) for path in variant_paths(course, lab)]
    for path, variant in found:
        for cell, loses in variant.loses.items():
            if cell not in points:
                raise ValueError(
                    f"{path}: LOSES names {cell!r}, which is no test cell. There are: "
                    f"{', '.join(points) or 'none'}."
                )
            if not 0 <= loses <= points[cell]:
                raise ValueError(
                    f"{path}: LOSES takes {loses} points off {cell!r}, which has {points[cell]:g}."
                )
    return [variant for _, variant in found]


def read_sources(course, lab):
    """Returns a dictionary from the names of a lab's notebooks to these, with solutions."""
    return {
        name: nbformat.read(course.source(lab, name), as_version=4)
        for name in course.notebook_names(lab)
    }


def all_solutions(notebooks):
    """Returns a dictionary from the names of all solution cells of a lab to their sources.

    Args:
        notebooks: Dictionary from the names of the lab's notebooks to these.
    """
    return {
        name_cell(notebooks, name, cell): source
        for name, notebook in notebooks.items()
        for cell, source in solutions(notebook).items()
    }


def answer_all(notebooks, answers):
    """Fills answers into all notebooks of a lab.

    Args:
        notebooks: Dictionary from the names of the lab's notebooks to these.
        answers: Dictionary from the names of solution cells, as in `all_solutions`, to their new
            source.

    Returns:
        A dictionary like `notebooks`, with copies.

    Raises:
        ValueError: if the lab has no such cell.
    """
    if unknown := sorted(answers.keys() - (known := all_solutions(notebooks)).keys()):
        raise ValueError(
            f"The lab has no solution cell {unknown[0]!r}. There are: {', '.join(known)}."
        )
    return {
        name: answer(
            notebook,
            {
                cell: answers[full]
                for cell in solutions(notebook)
                if (full := name_cell(notebooks, name, cell)) in answers
            },
        )
        for name, notebook in notebooks.items()
    }


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
