"""The kinds of cells of a lecture, and what is made of them before and after a run.

Code cells are shown unless a tag says otherwise: `hide-input` and `claim` are folded, `your-turn`
is a hole that the class fills, with a `check` and a `solution` right after it.
"""

from copy import deepcopy

from nbformat.v4 import new_markdown_cell, new_output
from papermill.execute import ERROR_MARKER_TAG

from classroom.catalogue.turns import tags, turns
from course_lib import claims, messages, turn

UNSOLVED = "unsolved"
ADDED = {"injected-parameters", ERROR_MARKER_TAG}  # tags of the cells that papermill adds


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


def restore(cells):
    """The cells of a lecture that was run, in the lecture's own order: each check once.

    Args:
        cells: The executed cells of a prepared lecture.

    Returns:
        List of cells, with the order hole, check, solution for each exercise.
    """
    restored = []
    for cell in cells:
        if UNSOLVED in tags(cell):
            continue
        place = len(restored)
        if "check" in tags(cell):
            place = max(i for i, other in enumerate(restored) if "solution" in tags(other))
        restored.insert(place, cell)
    return restored


def with_outputs(notebook, executed):
    """A lecture as it is now, with what its run has shown, unless it was changed since then.

    Args:
        notebook: The lecture.
        executed: The lecture as a run has kept it.

    Returns:
        A copy.
    """
    shown = deepcopy(notebook)
    ran = [cell for cell in executed.cells if not tags(cell) & ADDED]
    if [(cell.id, cell.source) for cell in ran] == [(cell.id, cell.source) for cell in shown.cells]:
        for cell, done in zip(shown.cells, ran):
            cell.update(
                {name: done[name] for name in ("outputs", "execution_count") if name in done}
            )
    return shown


def blame_dead_kernel(cells):
    """Notes a kernel's death in the cell that ran last, as papermill notes other errors.

    Args:
        cells: The cells as papermill left them.
    """
    last = [cell for cell in _code(cells) if cell.metadata.papermill.start_time][-1]
    last.metadata.papermill.status = "failed"
    words = "the kernel died in this cell"
    error = new_output("error", ename="DeadKernelError", evalue=words, traceback=[words])
    last.outputs.append(error)


def faults(cells):
    """What a run of a prepared lecture shows to be wrong.

    Args:
        cells: The cells as papermill left them.

    Returns:
        List of sentences: a lecture without parameters, errors, cells that were not run, claims
        that do not hold, cells that claim nothing, and exercises whose check is wrong.
    """
    code = _code(cells)
    found = [
        f"claim does not hold: {claim['claim']}"
        for claim in messages.read(cells, claims.MIME)
        if not claim["holds"]
    ]
    if not any("parameters" in tags(cell) for cell in code):
        found.append("no cell is tagged `parameters`: PROFILE, SOURCE and SEED reach nothing")
    for cell in code:
        if errors := _errors(cell):
            found += [f"cell {cell.id}: {error}" for error in errors]
        elif cell.metadata.papermill.start_time:
            found += _silence(cell) + _wrong_check(cell)
    if left := [cell.id for cell in code if not cell.metadata.papermill.start_time]:
        found.append(f"not run: {', '.join(left)}")
    return found


def _code(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


def _errors(cell):
    """The errors of a cell that was run, in words."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    words = [f"{error.ename}: {error.evalue}".removesuffix(": ") for error in errors]
    return words or ["it failed"] * (cell.metadata.papermill.status == "failed")


def _silence(cell):
    """The fault of a cell that shows nothing of what its tag says."""
    return [
        f"cell {cell.id} {verb} nothing: it calls no {call}"
        for tag, verb, call, mime in (
            ("claim", "claims", "claims.holds", claims.MIME),
            ("check", "checks", "turn.check", turn.MIME),
        )
        if tag in tags(cell) and not messages.read([cell], mime)
    ]


def _wrong_check(cell):
    """The fault of a check that is content with a hole, or not content with its solution."""
    if "check" not in tags(cell):
        return []
    verdicts = [verdict["solved"] for verdict in messages.read([cell], turn.MIME)]
    if UNSOLVED in tags(cell) and any(verdicts):
        return [f"cell {cell.id} is content with the hole that nobody has filled"]
    if UNSOLVED not in tags(cell) and not all(verdicts):
        return [f"cell {cell.id} is not content with the solution"]
    return []


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
