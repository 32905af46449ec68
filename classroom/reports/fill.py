"""Grades put into the file that a learning platform itself exported."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from classroom.pages import write_points
from classroom.results.class_results import Results, read_results
from classroom.results.gradebook import read_people
from classroom.results.titles import read_titles
from classroom.sheets.grade_column import KEPT, find_grade_column, is_about_points, read_number
from classroom.sheets.headings import plain
from classroom.sheets.people import Known, People
from classroom.sheets.sheet import read_sheet

TEST_STUDENT = "student, test"  # whom Canvas adds to a course


@dataclass(frozen=True)
class Grades:
    """The grades of a lab, and what is known about whose they are.

    Attributes:
        lab: Name of the lab.
        names: What the lab may be called on the platform.
        others: Names of the course's other labs.
        results: The `Results`.
        known: List of `Known`, the students of the gradebook.
    """

    lab: str
    names: list[str]
    others: list[str]
    results: Results
    known: list[Known]


@dataclass
class Filled:
    """What became of a platform's file.

    Attributes:
        heading: The column that got the grades.
        content: The file's content, bytes.
        path: The file that was written; None if none was.
        grades: Number of the grades in it that are ours.
        changed: Grades that were others before, each in words.
        by_name: Rows that were found by the name alone, in words.
        unclear: Rows that got nothing because it is not clear whose they are, in words.
        kept: Rows whose cell stayed as it was though the student handed in, in words.
        unknown: Rows of people who handed nothing in, in words.
        missing: Students who handed in and whom the file does not name, in words.
        warnings: What else a person should know.
    """

    heading: str
    content: bytes = b""
    path: Path | None = None
    grades: int = 0
    changed: list[str] = field(default_factory=list)
    by_name: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def fill(course, lab, exported, path=None, column=None):
    """Puts a lab's grades into the file that a learning platform exported.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        exported: The platform's file: text with a row for each person.
        path: The file to write, whole or not at all; beside the other one if None.
        column: Heading of the column of grades, where the file does not say which is the lab's.

    Returns:
        A `Filled`.

    Raises:
        ValueError: if the file cannot be read, it is not clear which column is the lab's, or nobody
            in it is known. Nothing is written then.
    """
    exported, results = Path(exported), read_results(course, lab)
    title = read_titles(course, lab).lab
    others = [name for name in course.lab_names() if name != lab]
    grades = Grades(lab, [lab, title or lab], others, results, read_people(course, lab))
    try:
        content = exported.read_bytes()
    except OSError as error:
        raise ValueError(f"{exported} cannot be read: {error.strerror}.") from error
    filled = fill_table(grades, content, exported.name, column)
    filled.path = Path(path or _beside(exported, lab))
    _write(filled.path, filled.content, exported)
    return filled


def fill_table(grades, content, name, column=None):
    """Puts grades into a platform's table.

    Only cells of the column of the lab's grades change, and of those only the ones of students who
    have a final grade. Everything else stays byte for byte.

    Args:
        grades: The `Grades`.
        content: The table as the platform wrote it, bytes.
        name: Name of its file.
        column: Heading of the column of grades, where the table does not say which is the lab's.

    Returns:
        A `Filled`.

    Raises:
        ValueError: if the table cannot be read, it is not clear which column is the lab's, or
            nobody in it is known.
    """
    sheet, results = read_sheet(content, name), grades.results
    place = find_grade_column(sheet, grades.lab, grades.names, column)
    if not place.is_named:
        _refuse_other_lab(grades, name)
    people = People(sheet, grades.known, place.number)
    rows = {n: row for n, row in enumerate(sheet.rows) if not is_about_points(row)}
    matches = people.match(rows)
    filled = Filled(place.heading)
    _tell_people(filled, people, rows, matches, results)
    cells = _fill_cells(filled, sheet, place.number, people, matches, results)
    if not filled.grades and not filled.kept:
        raise ValueError(
            f"{name} names nobody whose grade of {grades.lab} is known; nothing was written. Its "
            f"first person is in {people.describe(next(iter(rows.values()), sheet.header))}; the "
            f"first one here is {results.students[0].student} {results.students[0].name}. Give the "
            "students of the gradebook their addresses or numbers on the platform."
        )
    if place.possible not in (None, results.possible):
        filled.warnings.append(
            f"The platform gives {write_points(place.possible)} points at most, and the lab is "
            f"worth {write_points(results.possible)}: platforms leave out grades above theirs."
        )
    filled.content = sheet.fill(cells)
    return filled


def _refuse_other_lab(grades, name):
    """A worksheet does not say in its cells which assignment it is of, but often in its name."""
    words = re.findall(r"\w+", plain(name.replace("_", " ")))
    for other in grades.others:
        if plain(other) in words and plain(grades.lab) not in words:
            raise ValueError(
                f"{name} seems to be of the lab {other}, not of {grades.lab}. If it is of "
                f"{grades.lab}, say which column gets its grades, with --column."
            )


def _beside(exported, lab):
    return exported.with_name(f"{exported.stem}-{lab}-graded{exported.suffix}")


def _tell_people(filled, people, rows, matches, results):
    """Names those of either side whom the other does not know."""
    filled.by_name += [people.describe(rows[number]) for number in matches.by_name]
    filled.unclear += [
        f"{people.describe(rows[number])}: {reason}" for number, reason in matches.unclear.items()
    ]
    handed_in = {result.student for result in results.students}
    for number, row in rows.items():
        student = matches.students.get(number)
        unknown = number in matches.unknown and plain(people.name_of(row)) != TEST_STUDENT
        if unknown or (student and student not in handed_in):
            filled.unknown.append(people.describe(row))
    there = set(matches.students.values())
    filled.missing += [
        f"{result.student} {result.name}".strip()
        for result in results.students
        if result.student not in there
    ]


def _fill_cells(filled, sheet, column, people, matches, results):
    """The cells that change, as pairs of a `Cell` and its text; tells of the others."""
    by_student = {result.student: result for result in results.students}
    comma, cells = _has_decimal_commas(sheet), []
    for number, student in sorted(matches.students.items()):
        result, row = by_student.get(student), sheet.rows[number]
        if result is None:
            continue
        before = sheet.read(row, column)
        had = f"; its cell holds {before}" if read_number(before) is not None else ""
        if not result.is_final:
            reason = result.fault or "an answer waits for a person"
            filled.kept.append(f"{people.describe(row)}: {reason}{had}")
        elif before in KEPT:
            filled.kept.append(f"{people.describe(row)}: the platform says {before}")
        else:
            total = write_points(result.total)
            filled.grades += 1
            if read_number(before) == float(total):
                continue
            if had:
                filled.changed.append(f"{people.describe(row)}: {before} → {total}")
            cells.append((row[column], total.replace(".", ",") if comma else total))
    return cells


def _has_decimal_commas(sheet):
    """Whether a table's numbers have decimal commas."""
    texts = {cell.text.strip() for row in sheet.rows for cell in row}
    commas = sum(bool(re.fullmatch(r"-?\d+,\d{1,5}", text)) for text in texts)
    points = sum(bool(re.fullmatch(r"-?\d+\.\d{1,5}", text)) for text in texts)
    return commas > points if commas or points else sheet.separator == ";"


def _write(path, content, like):
    """Writes a file, whole or not at all, that those may read who may read another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(like, new)
        os.replace(new, path)
    except BaseException:
        Path(new).unlink(missing_ok=True)
        raise
