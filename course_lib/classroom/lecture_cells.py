"""The kinds of cells of a lecture, and what is made of them before and after a run.

Code cells are shown unless a tag says otherwise: `hide-input` and `claim` are folded, `your-turn`
is a hole that the class fills, with a `check` and a `solution` right after it.
"""

from copy import deepcopy
from typing import NamedTuple

from nbformat.v4 import new_markdown_cell

from course_lib import claims, messages, turn

UNSOLVED = "unsolved"


class Turn(NamedTuple):
    """An exercise: the numbers of its three cells."""

    hole: int
    check: int
    solution: int


def tags(cell):
    """The set of a cell's tags."""
    return set(cell.metadata.get("tags", []))


def turns(cells):
    """Finds the exercises of a lecture.

    Args:
        cells: The notebook's cells.

    Returns:
        List of `Turn`.

    Raises:
        ValueError: if a hole, a check or a solution stands by itself.
    """
    names = ("your-turn", "check", "solution")
    kinds = [next((name for name in names if name in tags(cell)), None) for cell in cells]
    found = [Turn(i, i + 1, i + 2) for i, kind in enumerate(kinds) if kind == "your-turn"]
    expected = {place: name for one in found for place, name in zip(one, names)}
    for place in {i for i, kind in enumerate(kinds) if kind} | set(expected):
        kind = kinds[place] if place < len(kinds) else None
        if kind != expected.get(place):
            raise ValueError(
                "A cell tagged `your-turn` is followed by one tagged `check` and one tagged "
                f"`solution`, but cell {place + 1} is tagged {kind!r}."
            )
    return found


def prepare(notebook):
    """A lecture as it is run: each check looks at the hole first, and then at the solution.

    Args:
        notebook: The lecture.

    Returns:
        A copy, with the order hole, check, solution, check for each exercise.
    """
    prepared = deepcopy(notebook)
    cells = []
    by_hole = {one.hole: one for one in turns(notebook.cells)}
    moved = {place for one in by_hole.values() for place in one}
    for number, cell in enumerate(prepared.cells):
        if number in by_hole:
            check, solution = (prepared.cells[place] for place in by_hole[number][1:])
            before = deepcopy(check)
            before.id = f"{check.id}-{UNSOLVED}"
            before.metadata.tags = [*check.metadata.tags, UNSOLVED]
            cells += [cell, before, solution, check]
        elif number not in moved:
            cells.append(cell)
    prepared.cells = cells
    return prepared


def faults(cells):
    """What a run of a prepared lecture shows to be wrong.

    Args:
        cells: The executed cells, all of them run.

    Returns:
        List of sentences: claims that do not hold, and exercises whose check is wrong.
    """
    found = [
        f"claim does not hold: {claim['claim']}"
        for claim in messages.read(cells, claims.MIME)
        if not claim["holds"]
    ]
    for cell in cells:
        if "check" not in tags(cell):
            continue
        verdicts = [verdict["solved"] for verdict in messages.read([cell], turn.MIME)]
        if not verdicts:
            found.append(f"cell {cell.id} checks nothing: it calls no turn.check")
        elif UNSOLVED in tags(cell) and all(verdicts):
            found.append(f"cell {cell.id} is content with the hole that nobody has filled")
        elif UNSOLVED not in tags(cell) and not all(verdicts):
            found.append(f"cell {cell.id} is not content with the solution")
    return found


def tutor(notebook):
    """A lecture for the lecturer: solutions open, speaker's notes as cells of their own.

    Args:
        notebook: The lecture, run or not.

    Returns:
        A copy.
    """
    opened = deepcopy(notebook)
    cells = []
    for cell in opened.cells:
        if "solution" in tags(cell):
            cell.metadata.jupyter = {"source_hidden": False}
        cells.append(cell)
        if notes := cell.metadata.get("slideshow", {}).pop("notes", ""):
            cells.append(_notes(cell.id, notes))
    opened.cells = cells
    return opened


def _notes(name, text):
    cell = new_markdown_cell(f'<div class="speaker-notes">\n\n{text}\n\n</div>')
    cell.id = f"{name}-notes"
    cell.metadata.slideshow = {"slide_type": "notes"}
    return cell
