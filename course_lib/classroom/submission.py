"""Reading what a student handed in: out comes a notebook that can be graded, or a reason why not.

nbgrader trusts the metadata of the cells, and one cell that was copied or damaged stops it. Here
the lab's release says which cells there are and what they are worth. A student's file gives nothing
but the text of the answers, and cells of the student's own: no metadata, tags, outputs or kernel.
"""

import difflib
import itertools
import json
import math
import re
import stat
import textwrap
import warnings
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from course_lib.classroom.collect import LARGEST

MOST_CELLS = 2_000
# Commas and brackets, which bound the memory that a file takes as Python objects.
MOST_VALUES = 5_000_000
MOST_TEXT = 5_000_000
LONGEST_SPLIT = 20_000

NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}
# Tags by which a notebook tells whoever runs it to overlook an error or to leave a cell out.
CONTROL_TAGS = {"raises-exception", "skip-execution"}
FIXED = ("grade", "solution", "locked", "task", "points", "grade_id")


class SubmissionError(ValueError):
    """Nothing can be graded. The message says why, for the student and for the instructor."""


@dataclass(frozen=True)
class Submission:
    """A submission that can be graded.

    Attributes:
        notebook: The lab's cells, all and in order, and the student's own where they stood.
        notes: What was odd about the file and how it was mended, in words.
    """

    notebook: nbformat.NotebookNode
    notes: list[str]


@dataclass(eq=False)
class _Cell:
    """A cell as it was handed in. Every attribute has the type that it should have.

    Attributes:
        number: Its place in the file.
        kind: `"code"`, `"markdown"` or `"raw"`.
        about: What its metadata say to nbgrader.
        controls: Whether its tags say how to run it.
        whole: Whether nothing about it was damaged.
    """

    number: int
    kind: str
    source: str
    id: str
    about: dict
    controls: bool
    attachments: dict
    whole: bool

    @property
    def lines(self):
        return _lines(self.source)


def read(folder, lab, release):
    """Reads a student's submission and mends it.

    The result has every cell of the release that nbgrader knows, exactly once. Locked cells and
    tests are the release's. An answer is found by its cell's name or id, then by the functions and
    classes that it defines, then by its place between cells that were found. If it is there several
    times, the last copy that differs from the release counts and the others run before it. An
    answer that is not there is the release's stub.

    Args:
        folder: `submitted/STUDENT/LAB`.
        lab: Name of the lab.
        release: The lab's released notebook, as `nbformat` reads it.

    Returns:
        A `Submission`.

    Raises:
        SubmissionError: if there is no notebook, or none that can be read, or none that holds a
            cell of the lab's.
    """
    expected = f"{lab}.ipynb"
    try:
        paths = [path for path in Path(folder).iterdir() if _is_notebook(path.name)]
    except OSError:
        raise SubmissionError(f"Nothing was handed in; hand {expected} in.") from None
    if not paths:
        raise SubmissionError(f"There is no notebook among the files; hand {expected} in.")

    readable, faults = [], []
    for path in sorted(paths, key=lambda path: (path.name != expected, path.name)):
        try:
            readable.append((*_read_file(path, release), path.name))
        except SubmissionError as error:
            faults.append(str(error))
        if readable and path.name == expected:
            break
    if not readable:
        raise SubmissionError(" ".join(faults))

    _, submission, name = max(readable, key=lambda candidate: candidate[0])
    notes = [] if name == expected else [f"The notebook is called {name!r}, not {expected!r}."]
    others = sorted(path.name for path in paths if path.name != name)
    if others:
        notes.append(f"{name!r} was graded, and not {', '.join(map(repr, others))}.")
    return replace(submission, notes=notes + faults + submission.notes)


def _is_notebook(name):
    """Some browsers append `.txt` or `.json` to what they save."""
    return ".ipynb" in name.lower() and not name.startswith(".")


def _read_file(path, release):
    """Returns how many of the lab's cells and answers a file holds, and its `Submission`."""
    notes = []
    try:
        content = _parse(path, notes)
        cells = [_read_cell(number, cell) for number, cell in enumerate(_list_cells(content, path))]
    except RecursionError:
        raise SubmissionError(
            f"{path.name!r} is no notebook: its lists are nested too deeply. Hand in the notebook "
            "as Jupyter saves it."
        ) from None
    if sum(len(cell.source) for cell in cells) > MOST_TEXT:
        raise SubmissionError(
            f"The cells of {path.name!r} hold more than {MOST_TEXT} characters. Keep data in files "
            "of their own and hand it in again."
        )
    notes += _note_language(content, release)
    findings = defaultdict(list)
    if damaged := [str(cell.number + 1) for cell in cells if not cell.whole]:
        findings["Cells were damaged, and what can be read of them was kept"] = damaged
    cells = _rejoin(cells, release.cells, findings)
    found = _match(cells, release.cells, findings)
    if not found:
        raise SubmissionError(
            f"{path.name!r} holds no cell of this lab. Was it another lab's notebook? Hand in the "
            "notebook that was given out."
        )
    _describe(cells, found, release.cells, findings)
    ordered = _assemble(cells, found, release.cells, findings)
    notebook = new_notebook(cells=ordered, metadata=deepcopy(release.metadata))
    notes += [
        ": ".join(filter(None, [finding, ", ".join(names)])) + "."
        for finding, names in findings.items()
    ]
    stubs = {cell.id: _lines(cell.source) for cell in release.cells if is_solution(cell)}
    answered = sum(
        _lines(cell.source) != stubs.get(cell.id) for cell in ordered if cell.id in stubs
    )
    return (len(found), answered), Submission(notebook, notes)


# From bytes to cells


def _parse(path, notes):
    """Returns the dictionary that a file holds. Follows no link and waits for no pipe."""
    name = repr(path.name)
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            kind = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder"}
            raise SubmissionError(
                f"{name} is {kind.get(stat.S_IFMT(about.st_mode), 'no ordinary file')} and was not "
                "opened. Hand in the notebook itself."
            )
        if about.st_size > LARGEST:
            raise SubmissionError(
                f"{name} has {about.st_size / 1e6:.0f} MB, allowed are {LARGEST / 1e6:.0f} MB. "
                "Clear its outputs, save it and hand it in again."
            )
        content = path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{name} cannot be read: {error.strerror}.") from error
    if not content.strip():
        raise SubmissionError(f"{name} is empty. Save the notebook and hand it in again.")

    encoding = json.detect_encoding(content)
    text = content.decode(encoding, "replace")
    if encoding != "utf-8":
        notes.append(f"{name} is written in {encoding} and was read as that; Jupyter uses utf-8.")
    elif "\ufffd" in text and "\ufffd".encode() not in content:
        notes.append(f"{name} holds bytes that are no text in utf-8; they became \ufffd.")
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise SubmissionError(
            f"{name} holds more than {MOST_VALUES} values. Clear its outputs, save it and hand it "
            "in again."
        )
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise SubmissionError(
            f"{name} is cut off, damaged or no notebook at all: {error}. Save the notebook in "
            "Jupyter and hand it in again."
        ) from None
    if not isinstance(parsed, dict) or not {"cells", "worksheets"} & set(parsed):
        raise SubmissionError(
            f"{name} is no notebook: it is JSON, but has no cells. Hand in the notebook that was "
            "given out."
        )
    return parsed


def _list_cells(content, path):
    """Returns a notebook's cells as dictionaries. Before format 4, they stood in worksheets."""
    sheets = [content] if "cells" in content else _as(list, content["worksheets"])
    cells = [
        _as(dict, cell) for sheet in sheets for cell in _as(list, _as(dict, sheet).get("cells"))
    ]
    if len(cells) > MOST_CELLS:
        raise SubmissionError(
            f"{path.name!r} has {len(cells)} cells, allowed are {MOST_CELLS}. Delete those that "
            "are not needed and hand it in again."
        )
    return cells


def _read_cell(number, cell):
    """Returns a `_Cell` with what can be read of a dictionary, which may hold anything."""
    text = cell.get("source", cell.get("input"))
    source = _text(text)
    kind, metadata = cell.get("cell_type"), _as(dict, cell.get("metadata"))
    tags = _as(list, metadata.get("tags"))
    if kind == "heading":
        level = cell.get("level")
        hashes = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1)
        source, text, kind = f"{hashes} {source}", f"{hashes} {source}", "markdown"
    known = isinstance(kind, str) and kind in NEW_CELL
    if not known:
        kind = "code" if {"outputs", "execution_count"} & set(cell) else "markdown"
    parts = text if isinstance(text, list) else [text]
    whole = (
        known
        and isinstance(cell.get("metadata", {}), dict)
        and all(isinstance(part, str) for part in parts)
        and "".join(parts) == source
    )
    attachments = {
        _text(name): {_text(mime): _text(data) for mime, data in _as(dict, bundle).items()}
        for name, bundle in _as(dict, cell.get("attachments")).items()
    }
    return _Cell(
        number=number,
        kind=kind,
        source=source,
        id=_as(str, cell.get("id")),
        about=_as(dict, metadata.get("nbgrader")),
        controls=any(tag in CONTROL_TAGS for tag in tags if isinstance(tag, str)),
        attachments=attachments,
        whole=whole,
    )


def _as(kind, value):
    """Returns the value if it is of that kind, and an empty one if not."""
    return value if isinstance(value, kind) else kind()


def _text(value):
    """Joins the text of a list of lines, however nested. What cannot be written becomes `?`."""
    if isinstance(value, list):
        return "".join(map(_text, value))
    return _as(str, value).encode("utf-8", "replace").decode("utf-8")


def _note_language(content, release):
    metadata = _as(dict, content.get("metadata"))
    language = _as(dict, metadata.get("kernelspec")).get("language") or _as(
        dict, metadata.get("language_info")
    ).get("name")
    expected = release.metadata.get("kernelspec", {}).get("language", "python")
    if not isinstance(language, str) or language.lower() == expected:
        return []
    return [f"The notebook says that it is written in {language[:40]!r}; it was run as {expected}."]


# Which cell is which


def _lines(source):
    """Lines without the space at their ends and without blank ones."""
    return [line.rstrip() for line in source.splitlines() if line.strip()]


def _definitions(source):
    """Names of the functions and classes that a cell defines."""
    return set(re.findall(r"^(?:async +)?(?:def|class) +(\w+)", source, re.MULTILINE))


def _is_of_lab(original):
    """Whether nbgrader knows a cell; all others may be changed and deleted as one likes."""
    return is_grade(original) or is_solution(original) or is_locked(original) or is_task(original)


def _is_restored(original):
    return _is_of_lab(original) and not is_solution(original)


def _positions(originals):
    """Places in the lab, by the names that nbgrader and Jupyter have for its cells."""
    ids = {original.id: position for position, original in enumerate(originals)}
    names = {
        original.metadata.nbgrader.grade_id: position
        for position, original in enumerate(originals)
        if _is_of_lab(original)
    }
    return ids | names


def _position(cell, positions):
    name = _as(str, cell.about.get("grade_id"))
    return positions.get(name, positions.get(cell.id))


def _rejoin(cells, originals, findings):
    """Joins answers that were split inside a function, where the second piece cannot run alone."""
    positions = _positions(originals)
    solutions = set().union(*(_definitions(o.source) for o in originals if is_solution(o)))
    joined = []
    for cell in cells:
        before = joined[-1] if joined else cell
        places = {_position(before, positions), _position(cell, positions)} - {None}
        if len(places) > 1 or not _is_continued(before, cell, solutions):
            joined.append(cell)
            continue
        named = cell if _position(before, positions) is None else before
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
        and bool(_definitions(before.source) & solutions)
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


def _match(cells, originals, findings):
    """Finds the lab's cells among those that were handed in.

    Returns:
        Dictionary from places in the lab to the `_Cell`s that belong there, in the file's order.
        Empty if no cell of the lab's is there.
    """
    found, positions = defaultdict(list), _positions(originals)
    for cell in cells:
        position = _position(cell, positions)
        if position is not None:
            found[position].append(cell)

    _match_same(cells, originals, found, lambda original: not is_solution(original))
    _take_apart(cells, originals, found, findings)
    _match_definitions(cells, originals, found, findings)
    _match_same(cells, originals, found, is_solution)
    if any(_is_of_lab(originals[position]) for position in found):
        _match_places(cells, originals, found, findings)
        return found
    return {}


def _free(cells, found):
    """Cells that do not belong to a place yet."""
    taken = {cell.number for copies in found.values() for cell in copies}
    return [cell for cell in cells if cell.number not in taken]


def _match_same(cells, originals, found, wanted):
    """Finds cells by their text, where only one of the lab's has it."""
    texts = [tuple(_lines(original.source)) for original in originals]
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
        and (_is_of_lab(original) or original.cell_type == "markdown")
        and original.source.strip()
    ]
    place = {cell.number: position for position, copies in found.items() for cell in copies}
    for cell in cells:
        position = place.get(cell.number)
        locked = position is not None and _is_restored(originals[position])
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
        names = _definitions(original.source)
        if not is_solution(original) or position in found or not names:
            continue
        untouched = {
            cell.number
            for place, copies in found.items()
            for cell in copies
            if cell.lines == _lines(originals[place].source)
        }
        holding = [
            cell
            for cell in cells
            if names & _definitions(cell.source) and cell.number not in untouched
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
            defines_nothing = is_solution(original) and not _definitions(original.source)
            if position in found or not (alike or defines_nothing):
                continue
            places = sorted(found)
            above = [found[place][0].number for place in places if place < position]
            below = [found[place][0].number for place in places if place > position]
            first, last = above[-1] if above else -1, below[0] if below else math.inf
            between = [cell for cell in _free(cells, found) if first < cell.number < last]
            if alike:
                texts = [cell.lines for cell in between]
                close = difflib.get_close_matches(_lines(original.source), texts, n=1)
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


# The notebook that is graded


def _assemble(cells, found, originals, findings):
    """Returns the lab's cells in the lab's order, and the student's own where they stood."""
    of_lab = {
        position: original for position, original in enumerate(originals) if _is_of_lab(original)
    }
    lab_lines = {line for original in originals for line in _lines(original.source)}
    ordered, kept, answered = [], {}, {}
    for position, original in of_lab.items():
        copies = found.get(position, [])
        if is_solution(original):
            number, cell, others = _answer(original, copies, answered)
        else:
            number, cell, others = _restore(original, copies, lab_lines)
        ordered.append((position, number, cell))
        kept |= {other.number: (position, other) for other in others}

    # The first copy of a cell stands where the cell stood.
    stood = {
        found[position][0].number: position for position in reversed(of_lab) if position in found
    }
    if sorted(stood, key=stood.get) != sorted(stood):
        findings["The lab's cells stood in another order and got their own back"] = []
    taken = {copy.number for position in of_lab for copy in found.get(position, [])}
    position = -1
    for cell in cells:
        position = stood.get(cell.number, position)
        if cell.number not in taken:
            kept[cell.number] = (position, cell)

    used = {original.id for original in of_lab.values()}
    for number, (position, cell) in kept.items():
        if number not in answered:
            ordered.append((position, number, _own(cell, used)))
    return [cell for _, _, cell in sorted(ordered, key=lambda item: item[:2])]


def _answer(original, copies, answered):
    """Fills an answer in.

    Args:
        original: The cell of the release.
        copies: The `_Cell`s that hold the answer, in the file's order.
        answered: Dictionary from numbers of cells that were used to the names of their answers. The
            one that is used here is added.

    Returns:
        The number of the cell that was used, -1 if none; the answer's cell; the cells that are kept
        beside it.
    """
    cell, name = deepcopy(original), original.metadata.nbgrader.grade_id
    if not copies:
        return -1, cell, []
    changed = [copy for copy in copies if copy.lines not in ([], _lines(original.source))]
    *others, chosen = changed or copies[:1]
    if chosen.number in answered:
        cell.source = f"# Answered in the cell {answered[chosen.number]!r}."
        return -1, cell, others
    answered[chosen.number] = name
    cell.source = chosen.source
    if chosen.attachments and cell.cell_type == "markdown":
        cell.attachments = chosen.attachments
    return chosen.number, cell, [other for other in others if other.lines != chosen.lines]


def _restore(original, copies, lab_lines):
    """Puts the release's own cell in. Copies with lines that the lab does not have are kept."""
    kept = [
        copy
        for copy in copies
        if any(not line.lstrip().startswith("#") for line in set(copy.lines) - lab_lines)
    ]
    return copies[0].number + 0.5 if copies else -1, deepcopy(original), kept


def _own(cell, used):
    """Makes a student's own cell, with its identifier if that is in order and not in use."""
    names = (f"own-{number}" for number in itertools.count(cell.number + 1))
    if re.fullmatch(r"[\w-]{1,64}", cell.id, re.ASCII):
        names = itertools.chain([cell.id], names)
    name = next(name for name in names if name not in used)
    used.add(name)
    made = NEW_CELL[cell.kind](cell.source, id=name)
    if cell.attachments and cell.kind != "code":
        made.attachments = cell.attachments
    return made


def _describe(cells, found, originals, findings):
    """Notes what was odd about the cells."""
    positions = _positions(originals)
    for position, original in enumerate(originals):
        if not _is_of_lab(original):
            continue
        about, copies = original.metadata.nbgrader, found.get(position, [])
        odd = {
            "Answers were missing and count as not given": is_solution(original) and not copies,
            "Locked cells were missing and were put back": _is_restored(original) and not copies,
            "Cells were there several times; the last answer that was changed counts": copies[1:],
            "Locked cells were edited; the lab's own are graded": _is_restored(original)
            and any(copy.lines != _lines(original.source) for copy in copies),
            "Cells had another type and got their own back": any(
                copy.kind != original.cell_type for copy in copies
            ),
            "Cells had lost nbgrader's metadata, which were put back": any(
                not copy.about for copy in copies
            ),
            "Points or other settings of cells were changed; the lab's count": any(
                copy.about.get(key) != about.get(key)
                for copy in copies
                for key in FIXED
                if copy.about and _position(copy, positions) == position
            ),
        }
        for finding, is_there in odd.items():
            if is_there:
                findings[finding].append(about.grade_id)
    if controlling := [str(cell.number + 1) for cell in cells if cell.controls]:
        findings["Tags that overlook errors or leave cells out were taken from cells"] = controlling
