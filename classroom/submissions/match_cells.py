"""Which of the cells that were handed in is which of the lab's."""

import difflib
import math
import re
import textwrap
import warnings
from collections import Counter, defaultdict
from dataclasses import replace

from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from classroom.submissions.read_cells import as_lines

LONGEST_SPLIT = 20_000


def definitions(source):
    """Names of the functions and classes that a cell defines."""
    return set(re.findall(r"^(?:async +)?(?:def|class) +(\w+)", source, re.MULTILINE))


def is_of_lab(original):
    """Whether nbgrader knows a cell; all others may be changed and deleted as one likes."""
    return is_grade(original) or is_solution(original) or is_locked(original) or is_task(original)


def is_restored(original):
    """Whether a cell is graded as the release has it, whatever was handed in."""
    return is_of_lab(original) and not is_solution(original)


def index_cells(originals):
    """Places in the lab, by the names that nbgrader and Jupyter have for its cells."""
    ids = {original.id: position for position, original in enumerate(originals)}
    names = {
        original.metadata.nbgrader.grade_id: position
        for position, original in enumerate(originals)
        if is_of_lab(original)
    }
    return ids | names


def position_of(cell, positions):
    """A cell's place in the lab by its own account, or None."""
    return positions.get(str(cell.about.get("grade_id")), positions.get(cell.id))


def rejoin(cells, originals, findings):
    """Joins answers that were split inside a function, where the second piece cannot run alone."""
    positions = index_cells(originals)
    solutions = set().union(*(definitions(o.source) for o in originals if is_solution(o)))
    joined = []
    for cell in cells:
        before = joined[-1] if joined else cell
        places = {position_of(before, positions), position_of(cell, positions)} - {None}
        if len(places) > 1 or not _is_continued(before, cell, solutions):
            joined.append(cell)
            continue
        named = cell if position_of(before, positions) is None else before
        joined[-1] = replace(named, number=before.number, source=f"{before.source}\n{cell.source}")
        findings["Cells that were split inside a function were joined"].append(
            f"{before.number + 1} and {cell.number + 1}"
        )
    return joined


def _is_continued(before, cell, solutions):
    return (
        before is not cell
        and {before.kind, cell.kind} == {"code"}
        and cell.source.lstrip("\n")[:1].isspace()
        and bool(definitions(before.source) & solutions)
        and _compiles(f"{before.source}\n{cell.source}")
        and not _compiles(textwrap.dedent(cell.source))
    )


def _compiles(source):
    if len(source) > LONGEST_SPLIT:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "cell", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def match(cells, originals, findings):
    """Finds the lab's cells among those that were handed in.

    Returns:
        Dictionary from places in the lab to the `Cell`s that belong there, in the file's order.
        Empty if no cell of the lab's is there.
    """
    found, positions = defaultdict(list), index_cells(originals)
    for cell in cells:
        position = position_of(cell, positions)
        if position is not None:
            found[position].append(cell)

    _match_same(cells, originals, found, lambda original: not is_solution(original))
    _take_apart(cells, originals, found, findings)
    _match_definitions(cells, originals, found, findings)
    _match_same(cells, originals, found, is_solution)
    if any(is_of_lab(originals[position]) for position in found):
        _match_places(cells, originals, found, findings)
        return found
    return {}


def _free(cells, found):
    """Cells that do not belong to a place yet."""
    taken = {cell.number for copies in found.values() for cell in copies}
    return [cell for cell in cells if cell.number not in taken]


def _match_same(cells, originals, found, wanted):
    """Finds cells by their text, where only one of the lab's has it."""
    texts = [tuple(as_lines(original.source)) for original in originals]
    counts = Counter(texts)
    missing = {
        text: position
        for position, text in enumerate(texts)
        if counts[text] == 1 and position not in found and wanted(originals[position])
    }
    for cell in _free(cells, found):
        position = missing.pop(tuple(cell.lines), None)
        if position is not None:
            found[position].append(cell)


def _take_apart(cells, originals, found, findings):
    """Takes the lab's own text out of cells that others were merged into."""
    merged = [
        original
        for position, original in enumerate(originals)
        if position not in found
        and not is_solution(original)
        and (is_of_lab(original) or original.cell_type == "markdown")
        and original.source.strip()
    ]
    place = {cell.number: position for position, copies in found.items() for cell in copies}
    for cell in cells:
        position = place.get(cell.number)
        locked = position is not None and is_restored(originals[position])
        rest = f"\n{cell.source}\n"
        for original in merged + ([originals[position]] if locked else []):
            rest = rest.replace(f"\n{original.source}\n", "\n")
        rest = rest.strip("\n")
        if rest != cell.source.strip("\n") and not (locked and not rest):
            findings["Text of the lab's own was taken out of cells that held more"].append(
                str(cell.number + 1)
            )
            cell.source = rest


def _match_definitions(cells, originals, found, findings):
    """Finds answers by what they define: in cells of no place, else in those of other places."""
    for position, original in enumerate(originals):
        names = definitions(original.source)
        if not is_solution(original) or position in found or not names:
            continue
        untouched = {
            cell.number
            for place, copies in found.items()
            for cell in copies
            if cell.lines == as_lines(originals[place].source)
        }
        holding = [
            cell
            for cell in cells
            if names & definitions(cell.source) and cell.number not in untouched
        ]
        free = _free(holding, found)
        if not holding:
            continue
        found[position] = free or holding
        for place in [place for place in found if not is_solution(originals[place])]:
            found[place] = [cell for cell in found[place] if cell not in holding]
            if not found[place]:
                del found[place]
        findings["Answers were recognised by what they define"].append(
            original.metadata.nbgrader.grade_id
        )


def _match_places(cells, originals, found, findings):
    """Finds cells between those that were found: by likeness, then answers that define nothing."""
    for alike in (True, False):
        for position, original in enumerate(originals):
            defines_nothing = is_solution(original) and not definitions(original.source)
            if position in found or not (alike or defines_nothing):
                continue
            places = sorted(found)
            above = [found[place][0].number for place in places if place < position]
            below = [found[place][0].number for place in places if place > position]
            first, last = above[-1] if above else -1, below[0] if below else math.inf
            between = [cell for cell in _free(cells, found) if first < cell.number < last]
            if alike:
                texts = [cell.lines for cell in between]
                close = difflib.get_close_matches(as_lines(original.source), texts, n=1)
                between = [cell for cell in between if cell.lines in close]
            else:
                between = [cell for cell in between if cell.kind == original.cell_type]
            if between:
                found[position].append(between[0])
                if is_solution(original):
                    finding = (
                        "Answers were recognised by their place; look at the cells beside them"
                    )
                    findings[finding].append(original.metadata.nbgrader.grade_id)
