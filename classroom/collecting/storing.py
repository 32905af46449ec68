"""Storing what a student handed in, in `submitted/STUDENT/LAB/`.

Every file is replaced in one step, and the record of the hand-in is written last: what was
interrupted is completed by the next collection of the same archive.
"""

import errno
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from classroom.cleaning import clean_line
from classroom.collecting.archives import LONGEST_PATH, SkippedError
from classroom.collecting.records import Record, read_record, write_record
from classroom.submissions.repair import read_time

# nbgrader's name for the file that says when a submission was handed in.
STAMP = "timestamp.txt"


@dataclass(frozen=True)
class Wanted:
    """What is to be stored for a student.

    Attributes:
        student: The student's identifier.
        owners: What `submitted/STUDENT/.name` may hold; the first is written.
        notebooks: Dictionary from the lab's names of the notebooks to their contents.
        files: Dictionary from the paths of the files beside them to their contents.
        record: The `Record` of these notebooks, without these paths.
    """

    student: str
    owners: list[str]
    notebooks: dict[str, bytes]
    files: dict[str, bytes]
    record: Record


def store(course, lab, wanted, dry_run=False):
    """Stores notebooks, the files beside them and when they were handed in.

    What is stored of the lab's other notebooks stays.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        wanted: A `Wanted`.
        dry_run: Whether to write nothing.

    Returns:
        A dictionary from the names of the notebooks to their statuses, and one from the paths of
        the files to theirs: `"new"`, `"replaced"`, `"unchanged"`, `"kept newer"`, or why a file
        cannot be stored.

    Raises:
        SkippedError: if it cannot be stored.
        OSError: if the disk is full.
    """
    try:
        return _store(course, lab, wanted, dry_run)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise SkippedError(f"it cannot be stored: {error.strerror}") from error


def _store(course, lab, wanted, dry_run):
    folder = course.labs / "submitted" / wanted.student / lab
    _check_owner(course, wanted, folder.parent / ".name")
    stored = _read_stored(course, lab, wanted, folder)
    coming = wanted.notebooks
    same = {name for name in coming if stored.notebooks.get(name) == coming[name]}
    taken = {name for name in coming if not stored.is_newer(wanted.record, name)}
    statuses = {name: "unchanged" if name in same else "kept newer" for name in coming}
    if not taken:
        return statuses, dict.fromkeys(wanted.files, "kept newer")

    record = stored.merge(wanted, taken)
    files = {name: _compare(folder / name, content) for name, content in wanted.files.items()}
    if record.archived != wanted.record.archived:  # a notebook that stays is newer
        files = {n: "kept newer" if about == "replaced" else about for n, about in files.items()}
    known = stored.record.files if stored.record else []
    gone = [name for name in known if name not in record.files and (folder / name).is_file()]
    is_timed = record.time in (None, stored.time)
    is_settled = not gone and is_timed and {*files.values()} <= {"unchanged", "kept newer"}
    for name in taken - same if is_settled else taken:
        statuses[name] = "replaced" if name in stored.notebooks else "new"
    if dry_run or (is_settled and taken <= same and record == stored.record):
        return statuses, files

    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / ".name").write_bytes(wanted.owners[0].encode())
    for name in gone:
        (folder / name).unlink()
    for name in [name for name, about in files.items() if about in ("new", "replaced")]:
        files[name] = _try_to_write(folder / name, wanted.files[name], files[name])
    for name in sorted(taken - same):
        if record.time is None:
            (folder / STAMP).unlink(missing_ok=True)  # it is that of what is replaced
        _write(folder / f"{name}.ipynb", coming[name])
    if not is_timed:
        _write(folder / STAMP, f"{record.time.isoformat()}\n".encode())
    held = [name for name in record.files if (folder / name).is_file()]
    write_record(course, lab, wanted.student, replace(record, files=held))
    return statuses, files


def _check_owner(course, wanted, known):
    # In a class without folders it once held the first lab's name, too.
    owners = {
        (owner + end).encode()
        for owner in wanted.owners
        for end in ("", *(f"_{name}" for name in course.lab_names()))
    }
    if known.exists() and known.read_bytes() not in owners:
        raise SkippedError(
            f"{wanted.student} is another student's identifier: see submitted/"
            f"{wanted.student}/.name"
        )


@dataclass(frozen=True)
class _Stored:
    """What is stored of a student's hand-in.

    Attributes:
        notebooks: Dictionary from the names of the lab's notebooks there to their contents.
        time: When the hand-in was handed in by its `timestamp.txt`, or None.
        record: Its `Record`, or None.
    """

    notebooks: dict[str, bytes]
    time: datetime | None
    record: Record | None

    def is_newer(self, record, notebook):
        """Whether a notebook that is stored is newer than the one of the `Record` that comes."""
        if notebook not in self.notebooks:
            return False
        (stored, stored_date), (time, date) = (
            self._read_dates(notebook),
            record.read_dates(notebook),
        )
        if stored and time:
            return stored > time
        stored = stored_date or stored
        return bool(stored) and stored > date

    def _read_dates(self, notebook):
        """When a notebook was handed in, and its date in the archive; None for what is unknown."""
        time, date = self.record.read_dates(notebook) if self.record else (None, None)
        # An instructor may have written another time.
        is_noted = self.record is None or self.record.time != self.time
        return (self.time if is_noted else time), date

    def merge(self, wanted, taken):
        """The `Record` of the notebooks that are taken and of those that stay."""
        record, files = wanted.record, {*wanted.files}
        notebooks = {name: record.notebooks[name] for name in taken}
        if stay := self.notebooks.keys() - taken:
            known = self.record or Record(record.key)
            dates = {name: self._read_dates(name) for name in stay}
            notebooks |= {name: [*map(_write_time, pair)] for name, pair in dates.items()}
            files |= {*known.files}
            times, archived = zip(record.read_dates(""), *dates.values())
            record = replace(
                record,
                handed_in=_write_time(max(filter(None, times), default=None)),
                archived=_write_time(max(filter(None, archived))),
                is_late=record.is_late or known.is_late,
            )
        return replace(record, notebooks=notebooks, files=sorted(files))


def _read_stored(course, lab, wanted, folder):
    paths = {name: folder / f"{name}.ipynb" for name in course.notebook_names(lab)}
    notebooks = {name: path.read_bytes() for name, path in paths.items() if path.exists()}
    try:
        time = read_time(folder / STAMP)
    except ValueError as error:
        if wanted.notebooks.items() <= notebooks.items():
            return _Stored(notebooks, None, None)
        place = f"submitted/{wanted.student}/{lab}"
        raise SkippedError(f"{place}/{clean_line(str(error), LONGEST_PATH)}") from error
    time = time and time.replace(tzinfo=timezone.utc)
    return _Stored(notebooks, time, read_record(course, lab, wanted.student))


def _write_time(time):
    return time.isoformat() if time else ""


def _compare(path, content):
    if not path.is_file():
        return "new"
    return "unchanged" if path.read_bytes() == content else "replaced"


def _try_to_write(path, content, status):
    try:
        _write(path, content)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return f"it cannot be stored: {error.strerror}"
    return status


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
