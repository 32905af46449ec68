"""Collecting what students handed in, from the archive that a learning platform exports.

Students choose the names of their files, and on many platforms their own. A file is collected only
if its path leaves no doubt about whose it is, and a notebook only if its cells are not another
lab's.
"""

import hashlib
import re
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from classroom.cleaning import clean_line
from classroom.collecting import beside, choosing, platforms
from classroom.collecting.archives import Archive, Member, SkippedError
from classroom.collecting.file_names import (
    LONGEST_IDENTIFIER,
    is_device,
    is_notebook,
    make_identifier,
    stem_of,
)
from classroom.collecting.platforms import HandIn
from classroom.collecting.records import (
    Record,
    local_to_utc,
    other_records,
    read_record,
)
from classroom.collecting.roster import find_student, read_roster
from classroom.collecting.storing import Wanted, store
from classroom.collecting.which_lab import Labs
from classroom.course import Course
from classroom.submissions.read_cells import LARGEST_FILE

ALONE = (
    "not clear whose it is: the archive holds one folder within another, and either may be the "
    "student's; take the outer one off"
)
SEVERAL = (
    "not clear whose it is: {} holds several folders with notebooks of the lab, and may be the "
    "folder of a class; pack one folder per student, or import the class with `course roster`"
)
LARGEST_ABOUT = 100_000  # bytes of the file that Blackboard puts beside an attempt
LONGEST_PART = 2000  # characters of a folder's or a file's name
# Notebooks that are read for one student, and their bytes.
MOST_NOTEBOOKS = 50
LARGEST_NOTEBOOKS = 150_000_000
STORED = ("new", "replaced", "unchanged", "kept newer")


@dataclass(frozen=True)
class Collected:
    """One file of an archive, and what became of it.

    Attributes:
        file: Its name in the archive, fit for a terminal and cut off after `LONGEST_PATH`
            characters.
        student: The student's identifier, or "".
        status: `"new"`, `"replaced"`, `"unchanged"`, `"kept newer"`, `"held"` or `"skipped"`.
        reason: Why it was skipped, or held in `labs/held/`, or "".
        handed_in: When it was handed in, and who says so, in words; "" for what is no submission.
    """

    file: str
    student: str
    status: str
    reason: str = ""
    handed_in: str = ""

    @property
    def is_submission(self):
        """Whether it is a notebook, and stands in `submitted/` now or gave way to a newer one."""
        return self.status in STORED and bool(self.handed_in)


@dataclass(frozen=True)
class _Job:
    """A collection.

    Attributes:
        course: The `Course`.
        lab: Name of the lab.
        notebooks: Names of the lab's notebooks.
        archive: The `Archive`.
        labs: The `Labs`.
        any_lab: Whether to take notebooks with another lab's cells, too.
        roster: The `Student`s of the roster, or None.
        folders: Names of the folders in `submitted/`.
        dry_run: Whether to write nothing.
    """

    course: Course
    lab: str
    notebooks: list[str]
    archive: Archive
    labs: Labs
    any_lab: bool
    roster: list | None
    folders: list[str]
    dry_run: bool


@dataclass(frozen=True)
class _File:
    """A file of an archive, and whose it is.

    Attributes:
        member: The archive's `Member`.
        hand_in: What its path says.
        student: The student's identifier.
        is_of_roster: Whether that is the roster's.
        content: A notebook's content.
    """

    member: Member
    hand_in: HandIn
    student: str = ""
    is_of_roster: bool = False
    content: bytes = b""

    @property
    def name(self):
        return self.hand_in.inside[-1]

    @property
    def is_notebook(self):
        return bool(self.hand_in.inside[0]) and is_notebook(self.name)

    def skip(self, reason):
        return Collected(self.member.label, self.student, "skipped", str(reason))


def collect(course, lab, archive, dry_run=False, any_lab=False):
    """Puts the notebooks of an archive into `submitted/STUDENT/LAB/`, with the files beside them.

    For each notebook of the lab a student's newest one is taken, and stored under the lab's name.

    Folders that hold the whole class are seen through. Whatever is not taken is named with the
    reason, and holds nothing else up. A notebook that is there already is replaced by a newer one
    of the same student only: `submitted/STUDENT/.name` remembers what archives call the student.
    If the course has a roster, students get its identifiers, and hand-ins of anybody else are kept
    in `labs/held/LAB/`.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        archive: Path of the zip file.
        dry_run: Whether to write nothing.
        any_lab: Whether to take notebooks with another lab's cells, too.

    Returns:
        List of `Collected`, one for each file in the archive.

    Raises:
        ValueError: for an unknown lab, a file that is no zip archive, or an archive without
            notebooks.
    """
    notebooks, roster = course.notebook_names(lab), read_roster(course)
    with Archive(archive) as opened:
        if not any(m.fault or is_notebook(m.path) for m in opened.members):
            raise ValueError(f"{archive} holds no notebooks.")
        folders = [path.name for path in course.labs.glob("submitted/*")]
        labs = Labs(course)
        job = _Job(course, lab, notebooks, opened, labs, any_lab, roster, folders, dry_run)
        collected = _collect(job)
    return sorted(collected, key=lambda item: item.file)


def find_labs(course, archive):
    """Finds out of which labs the notebooks of an archive are, by their cells.

    Args:
        course: A `Course`.
        archive: Path of the zip file.

    Returns:
        Dictionary from the labs to the numbers of their notebooks.

    Raises:
        ValueError: if the file is no zip archive.
    """
    labs, found = Labs(course), Counter()
    with Archive(archive) as opened:
        for member in opened.members:
            if is_notebook(member.path) and not member.fault:
                try:
                    counts = labs.count(opened.read(member, LARGEST_FILE))
                except SkippedError:
                    continue
                found.update(lab for lab, _ in counts.most_common(1))
    return dict(found)


def _collect(job):
    files, collected = _identify_all(job)
    students, names = {}, {}
    for file in files:
        students.setdefault(file.student.casefold(), []).append(file)
    for of_student in students.values():
        taken = _collect_student(job, of_student)
        collected += taken
        if any(item.is_submission for item in taken) and not of_student[0].is_of_roster:
            names[of_student[0].student] = of_student[0].hand_in.name
    if any(names.values()) and not job.dry_run:
        _name_students(job.course, job.lab, names)
    return collected


def _identify_all(job):
    """Finds out whose each file is; returns `_File`s, and a `Collected` for every other one."""
    paths, collected = [], []
    for member in job.archive.members:
        try:
            if member.fault and not member.way:
                raise SkippedError(member.fault)
            paths.append((member, _split(member.path)))
        except SkippedError as reason:
            collected.append(Collected(member.label, "", "skipped", str(reason)))
    around, is_alone = _count_class_folders(job.course, [p for _, p in paths if is_notebook(p[-1])])
    found, names = [], {*job.course.lab_names(), *job.notebooks}
    for member, path in paths:
        try:
            if is_alone:
                raise SkippedError(ALONE)
            hand_in = platforms.identify(path[around:], names)
        except SkippedError as reason:
            collected.append(Collected(member.label, "", "skipped", str(reason)))
        else:
            found.append(_File(member, hand_in))
    about = {file.hand_in.called: _read_about(job, file) for file in found if _is_about(file)}
    settled = platforms.settle([file.hand_in for file in found], about)
    files, known = [], {}
    for file, hand_in in zip(found, settled):
        file = replace(file, hand_in=hand_in)
        if hand_in.called not in known:
            known[hand_in.called] = _name_student(job, hand_in)
        student, is_of_roster, fault = known[hand_in.called]
        if student:
            files.append(replace(file, student=student, is_of_roster=is_of_roster))
        else:
            collected.append(_hold(job, file, fault) if is_of_roster else file.skip(fault))
    return files, collected


def _split(name):
    """Splits a path into its folders and the file's name, if it stays where it is unpacked."""
    parts = [part for part in name.split("/") if part != "."]
    if "\0" in name or "\\" in name:
        raise SkippedError("its path holds a backslash or a NUL")
    if not all(parts) or ".." in parts or re.match("[A-Za-z]:", name):
        raise SkippedError("its path leads out of the archive")
    if max(map(len, parts)) > LONGEST_PART:
        raise SkippedError("its path is too long")
    return parts


def _count_class_folders(course, paths):
    """How many folders are around the whole class: those that all share, above the students' own.

    A folder is a student's if a platform made it or if the student is known. A single folder within
    others could be the student's own or one that a student made.

    Returns:
        The number of folders, and whether it is not clear because there is a single one below them.
    """
    around = 0
    for names in zip(*(path[:-2] for path in paths)):
        student = platforms.names_a_student(names[0]) or _is_known(course, names[0])
        if len(set(names)) > 1 or student:
            break
        around += 1
    return around, around > 0 and len({path[around] for path in paths}) == 1


def _is_known(course, name):
    student = make_identifier(name)
    fits = 0 < len(student.encode()) <= LONGEST_IDENTIFIER
    return fits and (course.labs / "submitted" / student).exists()


def _is_about(file):
    return file.hand_in.platform == "Blackboard" and file.hand_in.inside == ("", ".txt")


def _read_about(job, file):
    try:
        text = job.archive.read(file.member, LARGEST_ABOUT)
    except SkippedError:
        return "", ""
    return platforms.read_about(text.decode("utf-8-sig", "replace"))


def _name_student(job, hand_in):
    """The student's identifier, or ""; whether the roster decides; and why there is none."""
    if job.roster is not None:
        try:
            return find_student(job.roster, hand_in).student, True, ""
        except LookupError as error:
            if not hand_in.is_anonymous:
                return "", True, str(error)
    student, shown = make_identifier(hand_in.key), clean_line(hand_in.key, 40)
    if not student or is_device(student):
        return "", False, f"{shown!r} cannot be a student's identifier"
    if len(student.encode()) > LONGEST_IDENTIFIER:
        return "", False, "the student's identifier is too long"
    same = [n for n in job.folders if n.casefold() == student.casefold() and n != student]
    if same:
        return "", False, f"{student} differs from submitted/{same[0]} in capitals only"
    return student, False, ""


def _hold(job, file, fault):
    """Keeps a notebook of somebody who is not in the roster."""
    if not file.is_notebook:
        return file.skip(fault)
    folder = _held(job, file.hand_in)
    try:
        content = job.archive.read(file.member, LARGEST_FILE)
    except SkippedError as reason:
        return file.skip(reason)
    # Copies, and files of one name in several folders, are kept beside each other.
    place = "/".join(file.hand_in.inside).encode("utf-8", "replace")
    stem = make_identifier(stem_of(file.name)[0])[:50] or job.lab
    path = folder / f"{stem}-{hashlib.sha256(place).hexdigest()[:8]}.ipynb"
    if not job.dry_run and not (path.is_file() and path.read_bytes() == content):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    reason = f"{fault}; it is kept in labs/{path.relative_to(job.course.labs).as_posix()}"
    return Collected(file.member.label, "", "held", reason)


def _held(job, hand_in):
    """The folder for a hand-in that is held."""
    digest = hashlib.sha256(hand_in.called.encode("utf-8", "replace")).hexdigest()[:8]
    called = make_identifier(f"{hand_in.name} {hand_in.key}")[:40].strip(".-")
    return job.course.labs / "held" / job.lab / f"{called}-{digest}".strip("-")


def _collect_student(job, files):
    """Collects one of a student's notebooks for each of the lab's; returns `Collected` for all."""
    called = sorted({file.hand_in.called for file in files})
    if len(called) > 1:
        some = " and ".join(clean_line(name, 40) for name in called[:3])
        reason = (
            f"several students would have the identifier {files[0].student}: {some}; import the "
            "class with `course roster`, or rename one"
        )
        return [file.skip(reason) for file in files]
    others = [file for file in files if not file.is_notebook]
    notebooks, collected = _read_notebooks(job, [file for file in files if file.is_notebook])
    chosen, left = choosing.choose(notebooks, job.lab, job.notebooks, job.labs)
    if len(_own_folders(job, notebooks)) > len(chosen):
        reason = SEVERAL.format(clean_line(files[0].hand_in.key, 40))
        return [*collected, *(file.skip(reason) for file in [*notebooks, *others])]
    collected += [file.skip(reason) for file, reason in left]
    if chosen:
        return collected + _store(job, chosen, others)
    alone = "no notebook was taken that it could stand beside"
    for file in others:
        reason = file.member.fault or beside.explain(file.hand_in.inside) or alone
        collected.append(file.skip(reason))
    return collected


def _own_folders(job, notebooks):
    """Folders with notebooks of the lab in one that neither a platform nor the roster knows."""
    return {
        file.hand_in.inside[0]
        for file in notebooks
        if not file.hand_in.platform and not file.is_of_roster and len(file.hand_in.inside) > 1
        if job.labs.find_notebook(job.lab, file.content)
    }


def _read_notebooks(job, files):
    """Reads a student's notebooks, but no other lab's; returns them and the `Collected` others."""
    notebooks, collected, left = [], [], LARGEST_NOTEBOOKS
    for number, file in enumerate(files):
        try:
            if number >= MOST_NOTEBOOKS:
                raise SkippedError(f"more than {MOST_NOTEBOOKS} notebooks of one student")
            content = job.archive.read(file.member, min(LARGEST_FILE, left))
            left -= len(content)
            _check_lab(job, content)
        except SkippedError as reason:
            collected.append(file.skip(reason))
        else:
            notebooks.append(replace(file, content=content))
    return notebooks, collected


def _check_lab(job, content):
    if not job.any_lab:
        counts = job.labs.count(content)
        most = max(counts, key=counts.get, default=job.lab)
        if counts[most] > counts[job.lab]:
            raise SkippedError(f"its cells are those of the lab {most}, not of {job.lab}")


def _store(job, chosen, others):
    """Stores a student's notebooks and the files beside them; returns a `Collected` for each."""
    newest = max(chosen.values(), key=choosing.rank)
    files, contents, collected = _read_files(job, [*chosen.values()], others)
    hand_in = newest.hand_in
    dates = {name: _read_dates(file) for name, file in chosen.items()}
    handed_in, archived = map(max, zip(*dates.values()))
    record = Record(
        key=hand_in.key,
        name=hand_in.name,
        platform=hand_in.platform,
        handed_in=handed_in,
        is_late=any(file.hand_in.is_late for file in chosen.values()),
        archived=archived,
        notebooks=dates,
    )
    owners = [newest.student, hand_in.key] if newest.is_of_roster else [hand_in.key]
    notebooks = {name: file.content for name, file in chosen.items()}
    wanted = Wanted(newest.student, owners, notebooks, contents, record)
    try:
        _check_number(job, newest)
        _check_before(job, newest)
        statuses, beside_them = store(job.course, job.lab, wanted, job.dry_run)
    except SkippedError as error:
        all_files = [*chosen.values(), *files.values()]
        return [*collected, *(file.skip(error) for file in all_files)]
    if not job.dry_run:
        shutil.rmtree(_held(job, hand_in), ignore_errors=True)
    for name, file in chosen.items():
        when = _describe_time(file.hand_in)
        collected.append(Collected(file.member.label, file.student, statuses[name], handed_in=when))
    for path, file in files.items():
        about = beside_them[path]
        collected.append(
            Collected(file.member.label, file.student, about)
            if about in STORED
            else file.skip(about)
        )
    return collected


def _read_dates(file):
    """When a file was handed in, and its date in the archive, as a `Record` has them."""
    time = local_to_utc(file.hand_in.time)
    return [time.isoformat() if time else "", local_to_utc(file.member.date).isoformat()]


def _read_files(job, chosen, others):
    """Reads the files beside the chosen notebooks.

    Returns:
        Dictionary from their paths to `_File`s, the same to their contents, and a `Collected` for
        each file that is not taken.
    """
    files, contents, collected, left = {}, {}, [], beside.LARGEST_FILES
    taken, tried = set(), 0
    bases = [file.hand_in.inside[:-1] for file in chosen]
    times = {file.hand_in.time for file in chosen}
    for file in sorted(others, key=lambda o: o.hand_in.time or datetime.min, reverse=True):
        path, reason = beside.place(file.hand_in.inside, bases, job.notebooks)
        if file.hand_in.platform == "Canvas":
            path = beside.name_of_module(path)
        if not reason and file.hand_in.time not in times:
            reason = "it is of another attempt than the notebook"
        if not reason and path.casefold() in taken:
            reason = f"another file has the same name, {clean_line(path, 100)}"
        if not reason and tried >= beside.MOST_FILES:
            reason = f"more than {beside.MOST_FILES} files beside a notebook"
        try:
            if reason:
                raise SkippedError(reason)
            tried += 1
            contents[path] = job.archive.read(file.member, left)
        except SkippedError as error:
            collected.append(file.skip(error))
            continue
        left -= len(contents[path])
        files[path] = file
        taken.add(path.casefold())
    return files, contents, collected


def _check_number(job, file):
    """Moodle numbers hand-ins anew in every assignment: one number is nobody else's elsewhere."""
    hand_in = file.hand_in
    if hand_in.platform != "Moodle" or file.is_of_roster or hand_in.is_anonymous:
        return
    for record in other_records(job.course, job.lab, file.student):
        if record.name and hand_in.name and record.name != hand_in.name:
            raise SkippedError(
                f"{file.student} is {clean_line(record.name, 40)} in another lab, and "
                f"{clean_line(hand_in.name, 40)} here; import the class with `course roster`"
            )


def _check_before(job, file):
    """One hand-in is not collected twice, under the platform's identifier and the roster's."""
    hand_in, before = file.hand_in, make_identifier(file.hand_in.key)
    if before in ("", file.student) or len(before.encode()) > LONGEST_IDENTIFIER:
        return
    record = read_record(job.course, job.lab, before)
    if record and (record.key, record.platform) == (hand_in.key, hand_in.platform):
        raise SkippedError(
            f"it was collected as {before} before the roster knew {file.student}: delete "
            f"labs/submitted/{before}/{job.lab} and collect again"
        )


def _describe_time(hand_in):
    """Says when something was handed in, and who says so, as in `2026-03-01 12:00 (Blackboard)`."""
    if hand_in.time:
        return f"{hand_in.time:%Y-%m-%d %H:%M} ({hand_in.platform})"
    if hand_in.is_late:
        return f"late, not said by how much ({hand_in.platform})"
    return f"not said ({hand_in.platform or 'the archive'})"


def _name_students(course, lab, names):
    """Tells the gradebook the names that the archive's files bear."""
    with course.gradebook(lab) as gradebook:
        known = {one.id: (one.first_name, one.last_name) for one in gradebook.students}
        for student, name in names.items():
            *first, last = name.split() or [""]
            both = " ".join(first), last
            if name and known.get(student) != both:
                about = dict(zip(("first_name", "last_name"), both))
                gradebook.update_or_create_student(student, **about)
