"""Reading what a student handed in: out comes a notebook that can be graded, or a reason why not.

nbgrader trusts the metadata of the cells, and one cell that was copied or damaged stops it. Here
the lab's release says which cells there are and what they are worth. A student's file gives nothing
but the text of the answers, and cells of the student's own: no metadata, tags, outputs or kernel.
"""

import hashlib
import itertools
import os
import re
import stat
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
import pooch
from nbformat.v4 import new_notebook
from nbgrader.utils import is_solution, parse_utc

from classroom.cleaning import clean_markdown
from classroom.submissions.match_cells import (
    index_cells,
    is_of_lab,
    is_restored,
    match,
    position_of,
    rejoin,
)
from classroom.submissions.read_cells import NEW_CELL, SubmissionError, as_lines, read_cells

# Bytes and files of a submission, and folders within each other.
LARGEST_FOLDER = 100_000_000
MOST_FILES = 500
DEEPEST = 20
# Bytes of the time when it was handed in; to read digits takes the square of their number.
LONGEST_TIME = 100

EDITED = "Locked cells were edited; the lab's own are graded"
FIXED = ("grade", "solution", "locked", "task", "points", "grade_id")


@dataclass(frozen=True)
class Submission:
    """A submission that can be graded.

    Attributes:
        notebook: The lab's cells, all and in order, and the student's own where they stood.
        notes: What was odd about the file and how it was mended, in words.
        edited: Names of locked cells that were edited; the notebook holds the lab's own.
    """

    notebook: nbformat.NotebookNode
    notes: list[str]
    edited: list[str] = field(default_factory=list)


def list_files(folder):
    """Lists the files in a folder and below it, but no links and nothing that would block.

    Args:
        folder: The folder; one that is not there holds nothing.

    Returns:
        Sorted list of paths.

    Raises:
        SubmissionError: if there are too many, or folders are nested too deeply.
    """
    return [path for path, mode in _list_all(Path(folder)) if stat.S_ISREG(mode)]


def _list_all(folder):
    found, waiting = [], [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        entries = list(os.scandir(place)) if place.is_dir() else []
        if depth > DEEPEST or len(found) + len(entries) > MOST_FILES:
            raise SubmissionError(
                f"More than {MOST_FILES:,} files were handed in, or folders are nested more than "
                f"{DEEPEST} deep. Hand in the notebook, and beside it only what it needs."
            )
        for entry in entries:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                waiting.append((Path(entry.path), depth + 1))
            else:
                found.append((Path(entry.path), mode))
    return sorted(found)


def checksum(folder):
    """Computes the checksum of a submission as it is now.

    Args:
        folder: `submitted/STUDENT/LAB`.

    Returns:
        The checksum, "" if the submission cannot be read.
    """
    try:
        return _checksum(folder, list_files(folder))
    except (SubmissionError, OSError):
        return ""


def snapshot(folder, copy):
    """Copies a submission, so that what is graded cannot change meanwhile.

    Args:
        folder: `submitted/STUDENT/LAB`.
        copy: An empty folder. Links become links again, and pipes pipes, which must not be opened.

    Returns:
        The checksum of what was copied.

    Raises:
        SubmissionError: if it is too large.
    """
    left = LARGEST_FOLDER
    for path, mode in _list_all(Path(folder)):
        target = copy / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                content = file.read(left + 1)
            left -= len(content)
            if left < 0:
                raise SubmissionError(
                    f"What was handed in has more than {LARGEST_FOLDER:,} bytes. Clear the "
                    "notebook's outputs, and hand in beside it only what it needs."
                )
            target.write_bytes(content)
        elif stat.S_ISLNK(mode):
            target.symlink_to(path.readlink())
        elif stat.S_ISFIFO(mode):
            os.mkfifo(target)
    return _checksum(copy, list_files(copy))


def read_time(path):
    """Reads when a submission was handed in, as nbgrader does.

    Args:
        path: Its `timestamp.txt`, whatever that is.

    Returns:
        The time in UTC, without a time zone; None if there is no such file.

    Raises:
        ValueError: if it holds no time.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode) or status.st_size > LONGEST_TIME:
        raise ValueError(
            f"{path.name} holds no time: it is no file of at most {LONGEST_TIME} bytes."
        )
    text = path.read_bytes()
    try:
        return parse_utc(text.decode().strip())
    except Exception as error:  # whatever a strange time raises
        raise ValueError(f"{path.name} holds no time: {error}") from error


def _checksum(folder, paths):
    found = hashlib.sha256()
    for path in paths:
        found.update(os.fsencode(path.relative_to(folder)) + b"\0")
        found.update(pooch.file_hash(path).encode())
    return found.hexdigest()


class NothingHandedIn(SubmissionError):
    """A submission lacks a notebook."""


def read(folder, name, release, names=()):
    """Reads a notebook of a student's submission and mends it.

    The result has every cell of the release that nbgrader knows, exactly once. Locked cells and
    tests are the release's. An answer is found by its cell's name or id, then by the functions and
    classes that it defines, then by its place between cells that were found. If it is there several
    times, the last copy that differs from the release counts and the others run before it. An
    answer that is not there is the release's stub.

    Args:
        folder: `submitted/STUDENT/LAB`.
        name: Name of the notebook.
        release: The released notebook, as `nbformat` reads it.
        names: Names of all notebooks of the lab; files of the others' names are others.

    Returns:
        A `Submission`.

    Raises:
        NothingHandedIn: if there is no notebook.
        SubmissionError: if there is none that can be read, or none that holds a cell of the lab's.
    """
    expected = f"{name}.ipynb"
    others = {f"{other}.ipynb" for other in names} - {expected}
    try:
        paths = [
            path
            for path in Path(folder).iterdir()
            if _is_notebook(path.name) and path.name not in others
        ]
    except OSError:
        raise NothingHandedIn(f"Nothing was handed in; hand {expected} in.") from None
    if not paths:
        raise NothingHandedIn(f"There is no notebook among the files; hand {expected} in.")

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

    _, submission, chosen = max(readable, key=lambda candidate: candidate[0])
    notes = [] if chosen == expected else [f"The notebook is called {chosen!r}, not {expected!r}."]
    left = sorted(path.name for path in paths if path.name != chosen)
    if left:
        notes.append(f"{chosen!r} was graded, and not {', '.join(map(repr, left))}.")
    return replace(submission, notes=notes + faults + submission.notes)


def read_file(path, release):
    """Reads one notebook of a student's and mends it, as `read` does.

    Args:
        path: The file.
        release: The lab's released notebook, as `nbformat` reads it.

    Returns:
        A `Submission`.

    Raises:
        SubmissionError: if it cannot be read, or holds no cell of the lab's.
    """
    return _read_file(Path(path), release)[1]


def _is_notebook(name):
    """Some browsers append `.txt` or `.json` to what they save."""
    return ".ipynb" in name.lower() and not name.startswith(".")


def _read_file(path, release):
    """Returns how many of the lab's cells and answers a file holds, and its `Submission`."""
    notes = []
    cells, language = read_cells(path, notes)
    expected = release.metadata.get("kernelspec", {}).get("language", "python")
    if language.lower() not in ("", expected):
        notes.append(
            f"The notebook says that it is written in {language[:40]!r}; it was run as {expected}."
        )
    findings = defaultdict(list)
    if damaged := [str(cell.number + 1) for cell in cells if not cell.whole]:
        findings["Cells were damaged, and what can be read of them was kept"] = damaged
    cells = rejoin(cells, release.cells, findings)
    found = match(cells, release.cells, findings)
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
    stubs = {cell.id: as_lines(cell.source) for cell in release.cells if is_solution(cell)}
    answered = sum(
        as_lines(cell.source) != stubs.get(cell.id) for cell in ordered if cell.id in stubs
    )
    return (len(found), answered), Submission(notebook, notes, list(findings.get(EDITED, [])))


def _assemble(cells, found, originals, findings):
    """Returns the lab's cells in the lab's order, and the student's own where they stood."""
    of_lab = {
        position: original for position, original in enumerate(originals) if is_of_lab(original)
    }
    lab_lines = {line for original in originals for line in as_lines(original.source)}
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
        copies: The `Cell`s that hold the answer, in the file's order.
        answered: Dictionary from numbers of cells that were used to the names of their answers. The
            one that is used here is added.

    Returns:
        The number of the cell that was used, -1 if none; the answer's cell; the cells that are kept
        beside it.
    """
    cell, name = deepcopy(original), original.metadata.nbgrader.grade_id
    if not copies:
        return -1, cell, []
    changed = [copy for copy in copies if copy.lines not in ([], as_lines(original.source))]
    *others, chosen = changed or copies[:1]
    if chosen.number in answered:
        cell.source = f"# Answered in the cell {answered[chosen.number]!r}."
        return -1, cell, others
    answered[chosen.number] = name
    cell.source = _read_source(chosen, cell.cell_type)
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
    made = NEW_CELL[cell.kind](_read_source(cell, cell.kind), id=name)
    if cell.attachments and cell.kind != "code":
        made.attachments = cell.attachments
    return made


def _read_source(cell, kind):
    """Returns the text of a cell, which code alone may still make something of."""
    return cell.source if kind == "code" else clean_markdown(cell.source, cell.attachments)


def _describe(cells, found, originals, findings):
    """Notes what was odd about the cells."""
    positions = index_cells(originals)
    for position, original in enumerate(originals):
        if not is_of_lab(original):
            continue
        about, copies = original.metadata.nbgrader, found.get(position, [])
        odd = {
            "Answers were missing and count as not given": is_solution(original) and not copies,
            "Locked cells were missing and were put back": is_restored(original) and not copies,
            "Cells were there several times; the last answer that was changed counts": copies[1:],
            EDITED: is_restored(original)
            and any(copy.lines != as_lines(original.source) for copy in copies),
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
                if copy.about and position_of(copy, positions) == position
            ),
        }
        for finding, is_there in odd.items():
            if is_there:
                findings[finding].append(about.grade_id)
    if controlling := [str(cell.number + 1) for cell in cells if cell.controls]:
        findings["Tags that overlook errors or leave cells out were taken from cells"] = controlling
