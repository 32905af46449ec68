"""Collecting what students handed in, from the archive that a learning platform exports."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath

LARGEST = 50_000_000

# How learning platforms name the files of an export. `number` is the platform's own identifier of
# the student.
LAYOUTS = [
    # Moodle: "Ada Lovelace_1234567_assignsubmission_file_/lab.ipynb", or "…_file_lab.ipynb" without
    # folders
    re.compile(r"(?P<name>[^/]+)_(?P<number>\d+)_assignsubmission_file_/?(?P<file>[^/]*\.ipynb)"),
    # Canvas: "lovelaceada_LATE_1234_56789_lab-1.ipynb"
    re.compile(r"(?P<name>[^/_]+)(_LATE)?_(?P<number>\d+)_\d+_(?P<file>[^/]+\.ipynb)"),
    # a folder for each student: "ada/lab.ipynb"
    re.compile(r"(?P<number>[^/]+)/(.*/)?(?P<file>[^/]+\.ipynb)"),
    # a notebook for each student: "ada.ipynb" or "ada_lab.ipynb"
    re.compile(r"(?P<number>[^/]+)\.ipynb(?P<file>)"),
]


@dataclass(frozen=True)
class Collected:
    """One file of an archive, and what became of it.

    Attributes:
        file: Its name in the archive.
        student: The student's identifier, or "".
        status: `"new"`, `"replaced"`, `"unchanged"`, `"kept newer"` or `"skipped"`.
        reason: Why it was skipped, or "".
    """

    file: str
    student: str
    status: str
    reason: str = ""


def collect(course, lab, archive):
    """Puts the notebooks of an archive into `submitted/STUDENT/LAB/`, each with its time.

    Folders that hold the whole class are seen through. Whatever is not taken is named with the
    reason. A notebook that is there already is replaced by a newer one only.

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
        with zipfile.ZipFile(archive) as opened:
            return _collect(course, lab, opened)
    except FileNotFoundError:
        raise ValueError(f"{archive} does not exist.") from None
    except (zipfile.BadZipFile, IsADirectoryError) as error:
        raise ValueError(f"{archive} is no zip archive: {error}") from error


def _collect(course, lab, archive):
    members = [m for m in archive.infolist() if not m.is_dir() and not _is_clutter(m.filename)]
    if not any(member.filename.endswith(".ipynb") for member in members):
        raise ValueError(f"{archive.filename} holds no notebooks.")
    common = _common_folder([member.filename for member in members])
    collected, work, names = [], {}, {}
    for member in members:
        layout = next(
            filter(None, (layout.fullmatch(member.filename[len(common) :]) for layout in LAYOUTS)),
            None,
        )
        if layout is None:
            collected.append(
                Collected(member.filename, "", "skipped", "no notebook, or not clear whose it is")
            )
            continue
        student = _identifier(layout["number"].removesuffix(f"_{lab}"))
        work.setdefault(student, []).append((member, layout["file"]))
        names[student] = layout.groupdict().get("name")
    for student, files in work.items():
        chosen = _choose(lab, files)
        for member, _ in files:
            if member is chosen:
                collected.append(_store(course, lab, student, archive, member))
            else:
                reason = (
                    f"{chosen.filename} was taken"
                    if chosen
                    else f"several notebooks, none called {lab}.ipynb"
                )
                collected.append(Collected(member.filename, student, "skipped", reason))
    _name_students(course, lab, names)
    return sorted(collected, key=lambda item: item.file)


def _is_clutter(name):
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or ".ipynb_checkpoints" in parts or parts[-1].startswith("._")


def _common_folder(names):
    """The folders around the whole class: those that all files share, above the students' own."""
    parents = [PurePosixPath(name).parts[:-1] for name in names]
    depth = max(map(len, parents)) - 1
    shared = 0
    while shared < depth and len({parent[: shared + 1] for parent in parents}) == 1:
        shared += 1
    return "".join(f"{part}/" for part in parents[0][:shared])


def _identifier(text):
    """A name for a folder: letters, digits, and `.`, `_`, `-`, `@`."""
    return re.sub(r"[^\w.@-]+", "-", text).strip(".-") or "unknown"


def _choose(lab, files):
    """The notebook to take: the only one, or the newest whose name begins like the lab's."""
    if len(files) == 1:
        return files[0][0]
    named = [member for member, name in files if name.startswith(lab)]
    return max(named, key=lambda member: member.date_time, default=None)


def _store(course, lab, student, archive, member):
    if member.file_size > LARGEST:
        reason = f"{member.file_size / 1e6:.0f} MB, allowed are {LARGEST / 1e6:.0f} MB"
        return Collected(member.filename, student, "skipped", reason)
    try:
        content = archive.read(member)
        handed_in = datetime(*member.date_time).astimezone(timezone.utc)
    except (RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError) as error:
        return Collected(member.filename, student, "skipped", f"it cannot be unpacked: {error}")

    folder = course.labs / "submitted" / student / lab
    path, stamp = folder / f"{lab}.ipynb", folder / "timestamp.txt"
    status = "replaced" if path.exists() else "new"
    if path.exists() and path.read_bytes() == content:
        return Collected(member.filename, student, "unchanged")
    if stamp.exists() and datetime.fromisoformat(stamp.read_text().strip()) > handed_in:
        return Collected(member.filename, student, "kept newer")
    folder.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
    stamp.write_text(handed_in.isoformat() + "\n")
    return Collected(member.filename, student, status)


def _name_students(course, lab, names):
    """Tells the gradebook the names that the archive's files bear."""
    with course.gradebook(lab) as gradebook:
        for student, name in names.items():
            if name:
                *first, last = name.split()
                gradebook.update_or_create_student(
                    student, first_name=" ".join(first), last_name=last
                )
