"""Collecting what students handed in, from the archive that a learning platform exports.

Students choose the names of their files, and on many platforms their own. A file is collected only
if its path leaves no doubt about whose it is.
"""

import errno
import io
import re
import struct
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath

from classroom.cleaning import clean_line
from classroom.submissions.read_cells import LARGEST_FILE
from classroom.submissions.repair import read_time

# Bytes of a student's identifier, which names folders and files; characters of a name and of a path
# as they are reported.
LONGEST_IDENTIFIER = 128
LONGEST_NAME = 100
LONGEST_PATH = 200
# What is unpacked at once: some methods of compression turn each kilobyte into megabytes.
CHUNK = 4096

UNCLEAR = "no notebook, or not clear whose it is"

# How learning platforms name the files of an export. `number` is the platform's own identifier of
# the student.
# Moodle: "Ada Lovelace_1234567_assignsubmission_file_/lab.ipynb", since 4.0 without the last "_",
# or "…_file_lab.ipynb" without folders. It writes names without "_".
MOODLE = re.compile(
    r"(?P<name>[^_]+)_(?P<number>[0-9]+)_assignsubmission_file(_(?P<file>.*))?", re.DOTALL
)
# What Moodle puts between a name and a file, of every kind of submission; marks may overlap.
MOODLE_MARK = re.compile(r"(?=_[0-9]+_assign(?:submission|feedback)_)")
# Canvas: "lovelaceada_LATE_1234_56789_lab-1.ipynb"
CANVAS = re.compile(r"(?P<name>[^_]+)(_LATE)?_(?P<number>[0-9]+)_[0-9]+_(?P<file>.+)", re.DOTALL)
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Collected:
    """One file of an archive, and what became of it.

    Attributes:
        file: Its name in the archive, fit for a terminal and cut off after `LONGEST_PATH`
            characters.
        student: The student's identifier, or "".
        status: `"new"`, `"replaced"`, `"unchanged"`, `"kept newer"` or `"skipped"`.
        reason: Why it was skipped, or "".
    """

    file: str
    student: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class _Notebook:
    """A notebook of an archive, and whose it is.

    Attributes:
        member: The archive's `ZipInfo`.
        label: Its path, as it is reported.
        student: The student's identifier.
        owner: What the archive calls the student, as it is written there.
        name: The student's name, or "".
        file: The name that the student gave the file, or "".
    """

    member: zipfile.ZipInfo
    label: str
    student: str
    owner: str
    name: str
    file: str


class _SkippedError(Exception):
    """Why a file is not collected."""


def collect(course, lab, archive):
    """Puts the notebooks of an archive into `submitted/STUDENT/LAB/`, each with its time.

    Folders that hold the whole class are seen through. Whatever is not taken is named with the
    reason, and holds nothing else up. A notebook that is there already is replaced by a newer one
    of the same student only: `submitted/STUDENT/.name` remembers what archives call the student.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        archive: Path of the zip file.

    Returns:
        List of `Collected`, one for each file in the archive.

    Raises:
        ValueError: for an unknown lab, a file that is no zip archive, or an archive without
            notebooks.
    """
    course.source(lab)
    try:
        opened, damaged = _open(archive)
    except FileNotFoundError:
        raise ValueError(f"{archive} does not exist.") from None
    except (zipfile.BadZipFile, IsADirectoryError) as error:
        raise ValueError(f"{archive} is no zip archive: {error}") from error
    with opened:
        members = [m for m in opened.infolist() if not _is_passed_over(m.orig_filename)]
        if not damaged and not any(m.orig_filename.endswith(".ipynb") for m in members):
            raise ValueError(f"{archive} holds no notebooks.")
        collected = damaged + _collect(course, lab, opened, members)
    return sorted(collected, key=lambda item: item.file)


def _collect(course, lab, archive, members):
    paths, collected, students = [], [], {}

    def skip(member, reason):
        collected.append(
            Collected(clean_line(member.orig_filename, LONGEST_PATH), "", "skipped", str(reason))
        )

    for member in members:
        try:
            paths.append((member, _split(member.orig_filename)))
        except _SkippedError as reason:
            skip(member, reason)
    around = _count_class_folders(course, [path for _, path in paths if _is_notebook(path)])
    for member, path in paths:
        try:
            notebook = _identify(lab, member, path[around:])
        except _SkippedError as reason:
            skip(member, reason)
        else:
            students.setdefault(notebook.student.casefold(), []).append(notebook)

    names = {}
    for notebooks in students.values():
        taken = _collect_student(course, lab, archive, notebooks)
        collected += taken
        for notebook, item in zip(notebooks, taken):
            if item.status != "skipped":
                names[notebook.student] = notebook.name
    _name_students(course, lab, names)
    return collected


def _collect_student(course, lab, archive, notebooks):
    """Collects at most one of a student's notebooks; returns a `Collected` for each of them."""
    owners = sorted({notebook.owner for notebook in notebooks})
    chosen = None if len(owners) > 1 else _choose(lab, notebooks)
    if len(owners) > 1:
        some = " and ".join(clean_line(owner, 40) for owner in owners[:3])
        reason = f"several students would have the identifier {notebooks[0].student}: {some}"
    elif chosen is None:
        reason = f"several notebooks, none called {lab}.ipynb"
    else:
        reason = f"{chosen.label} was taken"
    collected = []
    for notebook in notebooks:
        status, why = "skipped", reason
        if notebook is chosen:
            try:
                status, why = _store(course, lab, archive, notebook), ""
            except _SkippedError as error:
                why = str(error)
        elif chosen and notebook.member.orig_filename == chosen.member.orig_filename:
            why = "the archive holds it several times; another one was taken"
        collected.append(Collected(notebook.label, notebook.student, status, why))
    return collected


def _open(archive):
    """Opens an archive, without the members whose entries in its list of contents are damaged.

    Returns:
        The `ZipFile`, and a list of `Collected` for the members that are left out.
    """
    try:
        return zipfile.ZipFile(archive), []
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        content = Path(archive).read_bytes()
        try:
            start, end, offset = _find_contents(content)
            entries = list(_split_contents(content[start:end]))
        except struct.error:
            raise zipfile.BadZipFile(str(error)) from error
    sound, damaged = [], []
    for name, entry in entries:
        try:
            zipfile.ZipFile(io.BytesIO(entry + _end_contents([entry], 0))).close()
        except Exception as error:
            reason = f"its entry in the archive is damaged: {clean_line(str(error), LONGEST_PATH)}"
            damaged.append(Collected(clean_line(name, LONGEST_PATH), "", "skipped", reason))
        else:
            sound.append(entry)
    whole = content[:start] + b"".join(sound) + _end_contents(sound, offset)
    return zipfile.ZipFile(io.BytesIO(whole)), damaged


def _find_contents(content):
    """Where an archive's list of contents starts and ends, and where the archive says it starts."""
    end = content.rfind(b"PK\5\6")
    if end < 0:
        raise struct.error("There is no list of contents.")
    size, offset = struct.unpack_from("<2L", content, end + 12)
    return max(0, end - size), end, offset


def _split_contents(contents):
    """Splits a list of contents into the names and the bytes of its entries."""
    start = 0
    while start < len(contents):
        signature, *lengths = struct.unpack_from("<4s24x3H", contents, start)
        if signature != b"PK\1\2":
            raise struct.error("The list of contents is damaged.")
        end = start + 46 + sum(lengths)
        name = contents[start + 46 : start + 46 + lengths[0]]
        yield name.decode("utf-8", "replace"), contents[start:end]
        start = end


def _end_contents(entries, offset):
    """The record that ends an archive with the given entries."""
    count, size = min(len(entries), 0xFFFF), sum(map(len, entries))
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def _is_passed_over(name):
    """Whether a member is a folder, or what computers add to archives by themselves."""
    parts = PurePosixPath(name).parts
    clutter = "__MACOSX" in parts or ".ipynb_checkpoints" in parts
    return name.endswith("/") or clutter or name.split("/")[-1].startswith("._")


def _split(name):
    """Splits a path into its folders and the file's name, if it stays where it is unpacked."""
    parts = [part for part in name.split("/") if part != "."]
    if "\0" in name or "\\" in name:
        raise _SkippedError("its path holds a backslash or a NUL")
    if not all(parts) or ".." in parts or re.match("[A-Za-z]:", name):
        raise _SkippedError("its path leads out of the archive")
    return parts


def _is_notebook(path):
    return path[-1].endswith(".ipynb")


def _count_class_folders(course, paths):
    """How many folders are around the whole class: those that all share, above the students' own.

    A folder is a student's if Moodle made it or if the student is known. A single folder within
    others could be the student's own or one that a student made: then none is left to identify a
    student by.
    """
    around = 0
    for names in zip(*(path[:-2] for path in paths)):
        if len(set(names)) > 1 or MOODLE_MARK.search(names[0]) or _is_known(course, names[0]):
            break
        around += 1
    alone = around and len({path[around] for path in paths}) == 1
    return max(map(len, paths)) if alone else around


def _is_known(course, name):
    student = _make_identifier(name)
    fits = 0 < len(student.encode()) <= LONGEST_IDENTIFIER
    return fits and (course.labs / "submitted" / student).exists()


def _identify(lab, member, path):
    """Finds out whose a notebook is.

    Args:
        lab: Name of the lab.
        member: The archive's `ZipInfo`.
        path: Its folders, below those of the class, and the file's name.

    Returns:
        A `_Notebook`.

    Raises:
        _SkippedError: if that is not clear.
    """
    if not path or not _is_notebook(path):
        raise _SkippedError(UNCLEAR)
    *folders, file = path
    name, owner = "", path[0]
    marks = sum(len(MOODLE_MARK.findall(part)) for part in path)
    if marks > 1:
        raise _SkippedError("not clear whose it is: its path names several students")
    if marks:
        found = MOODLE.fullmatch(path[0])
        if not found or bool(folders) == bool(found["file"]):
            raise _SkippedError(UNCLEAR)
        name, owner, file = found["name"], found["number"], file if folders else found["file"]
    elif not folders and (found := CANVAS.fullmatch(file)):
        name, owner, file = found["name"], found["number"], found["file"]
    elif not folders:
        owner, file = file.removesuffix(".ipynb").removesuffix(f"_{lab}"), ""
    student = _make_identifier(owner)
    if not student or DEVICE.fullmatch(student):
        raise _SkippedError(f"{clean_line(owner, 40)!r} cannot be a student's identifier")
    if len(student.encode()) > LONGEST_IDENTIFIER:
        raise _SkippedError("the student's identifier is too long")
    name = clean_line(name, LONGEST_NAME)
    owner = unicodedata.normalize("NFC", owner)
    return _Notebook(
        member, clean_line(member.orig_filename, LONGEST_PATH), student, owner, name, file
    )


def _make_identifier(text):
    """A name for a folder: letters, digits, and `.`, `_`, `-`, `@`; "" if nothing is left."""
    return re.sub(r"[^\w.@-]+", "-", unicodedata.normalize("NFC", text)).strip(".-")


def _choose(lab, notebooks):
    """The notebook to take: the only one, or the newest whose name begins like the lab's."""
    if len(notebooks) == 1:
        return notebooks[0]
    named = [notebook for notebook in notebooks if notebook.file.startswith(lab)]
    return max(named, key=lambda notebook: notebook.member.date_time, default=None)


def _store(course, lab, archive, notebook):
    """Stores a notebook and its time; returns the status."""
    content, handed_in = _read(archive, notebook.member)
    try:
        return _write(course, lab, notebook, content, handed_in)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _SkippedError(f"it cannot be stored: {error.strerror}") from error


def _read(archive, member):
    """Unpacks a member; returns its content and its time."""
    allowed = f"allowed are {LARGEST_FILE / 1e6:.0f} MB"
    if member.file_size > LARGEST_FILE:
        raise _SkippedError(f"{member.file_size / 1e6:.0f} MB, {allowed}")
    content = bytearray()
    try:
        handed_in = datetime(*member.date_time).astimezone(timezone.utc)
        with archive.open(member) as file:
            while len(content) <= LARGEST_FILE and (chunk := file.read(CHUNK)):
                content += chunk
    except Exception as error:  # whatever a damaged member raises
        raise _SkippedError(
            f"it cannot be unpacked: {clean_line(str(error), LONGEST_PATH)}"
        ) from error
    if len(content) > LARGEST_FILE:
        raise _SkippedError(f"it is larger than it says, {allowed}")
    return bytes(content), handed_in


def _write(course, lab, notebook, content, handed_in):
    folder = course.labs / "submitted" / notebook.student / lab
    path, stamp, known = folder / f"{lab}.ipynb", folder / "timestamp.txt", folder.parent / ".name"
    owner = notebook.owner.encode()
    # In a class without folders it once held the first lab's name, too.
    owners = {owner, *(owner + f"_{name}".encode() for name in course.lab_names())}
    if known.exists() and known.read_bytes() not in owners:
        raise _SkippedError(
            f"{notebook.student} is another student's identifier: see submitted/"
            f"{notebook.student}/.name"
        )
    status = "replaced" if path.exists() else "new"
    if path.exists() and path.read_bytes() == content:
        return "unchanged"
    try:
        last = read_time(stamp)
    except ValueError as error:
        place = f"submitted/{notebook.student}/{lab}"
        raise _SkippedError(f"{place}/{clean_line(str(error), LONGEST_PATH)}") from error
    if last and last.replace(tzinfo=timezone.utc) > handed_in:
        return "kept newer"
    folder.mkdir(parents=True, exist_ok=True)
    known.write_bytes(owner)
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
    stamp.write_text(handed_in.isoformat() + "\n")
    return status


def _name_students(course, lab, names):
    """Tells the gradebook the names that the archive's files bear."""
    with course.gradebook(lab) as gradebook:
        for student, name in names.items():
            if name:
                *first, last = name.split()
                gradebook.update_or_create_student(
                    student, first_name=" ".join(first), last_name=last
                )
