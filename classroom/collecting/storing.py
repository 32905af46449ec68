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


@dataclass(frozen=True)
class Wanted:
    """What is to be stored for a student.

    Attributes:
        student: The student's identifier.
        owners: What `submitted/STUDENT/.name` may hold; the first is written.
        notebook: The notebook's content.
        files: Dictionary from the paths of the files beside it to their contents.
        record: The `Record`, without these paths.
    """

    student: str
    owners: list[str]
    notebook: bytes
    files: dict[str, bytes]
    record: Record


def store(course, lab, wanted, dry_run=False):
    """Stores a notebook, the files beside it and when it was handed in.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        wanted: A `Wanted`.
        dry_run: Whether to write nothing.

    Returns:
        The notebook's status, and a dictionary from the paths of the files to theirs: `"new"`,
        `"replaced"`, `"unchanged"`, `"kept newer"`, or why a file cannot be stored.

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
    path, stamp = folder / f"{lab}.ipynb", folder / "timestamp.txt"
    _check_owner(course, wanted, folder.parent / ".name")
    is_same = path.exists() and path.read_bytes() == wanted.notebook
    last, known = _read_last(course, lab, wanted, stamp, is_same)
    if _is_newer(last, known, wanted.record):
        return "unchanged" if is_same else "kept newer", dict.fromkeys(wanted.files, "kept newer")

    files = {name: _compare(folder / name, content) for name, content in wanted.files.items()}
    kept = known.files if known else []
    gone = [name for name in kept if name not in files and (folder / name).is_file()]
    is_timed = wanted.record.time in (None, last)
    status = "replaced" if path.exists() else "new"
    if is_same and not gone and is_timed and {*files.values()} <= {"unchanged"}:
        status = "unchanged"
    record = replace(wanted.record, files=sorted(files))
    if dry_run or (status == "unchanged" and record == known):
        return status, files

    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / ".name").write_bytes(wanted.owners[0].encode())
    for name in gone:
        (folder / name).unlink()
    for name in [name for name, about in files.items() if about in ("new", "replaced")]:
        files[name] = _try_to_write(folder / name, wanted.files[name], files[name])
    if not is_same:
        if wanted.record.time is None:
            stamp.unlink(missing_ok=True)  # it is that of what is replaced
        _write(path, wanted.notebook)
    if not is_timed:
        _write(stamp, f"{wanted.record.time.isoformat()}\n".encode())
    stored = [name for name in record.files if files[name] in ("new", "replaced", "unchanged")]
    write_record(course, lab, wanted.student, replace(record, files=stored))
    return status, files


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


def _read_last(course, lab, wanted, stamp, is_same):
    """When the stored notebook was handed in, or None; and its `Record`, or None."""
    try:
        last = read_time(stamp)
    except ValueError as error:
        if is_same:
            return None, None
        place = f"submitted/{wanted.student}/{lab}"
        raise SkippedError(f"{place}/{clean_line(str(error), LONGEST_PATH)}") from error
    last = last and last.replace(tzinfo=timezone.utc)
    return last, read_record(course, lab, wanted.student)


def _is_newer(last, known, record):
    """Whether what is stored is newer than what comes now."""
    if last and record.time:
        return last > record.time
    stored = datetime.fromisoformat(known.archived) if known and known.archived else last
    return bool(stored) and stored > datetime.fromisoformat(record.archived)


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
