"""Grades put into the file that a learning platform itself exported."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from classroom.pages import write_points
from classroom.results.class_results import read_results
from classroom.results.gradebook import read_people
from classroom.results.titles import read_titles
from classroom.sheets.grade_column import KEPT, find_grade_column, is_about_points, read_number
from classroom.sheets.headings import plain
from classroom.sheets.people import People
from classroom.sheets.sheet import read_sheet

TEST_STUDENT = "student, test"  # whom Canvas adds to a course


@dataclass
class Filled:
    """What became of a platform's file.

    Attributes:
        path: The file that was written.
        heading: The column that got the grades.
        grades: Number of the grades in it that are ours.
        changed: Grades that were others before, each in words.
        by_name: Rows that were found by the name alone, in words.
        unclear: Rows that got nothing because it is not clear whose they are, in words.
        kept: Rows whose cell stayed as it was though the student handed in, in words.
        unknown: Rows of people who handed nothing in, in words.
        missing: Students who handed in and whom the file does not name, in words.
        warnings: What else a person should know.
    """

    path: Path
    heading: str
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

    Only cells of the column of the lab's grades change, and of those only the ones of students who
    have a final grade. Everything else comes back byte for byte.

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
    exported = Path(exported)
    results = read_results(course, lab)
    try:
        content = exported.read_bytes()
    except OSError as error:
        raise ValueError(f"{exported} cannot be read: {error.strerror}.") from error
    sheet = read_sheet(content, exported.name)
    names = [lab, title] if (title := read_titles(course, lab).lab) else [lab]
    grades = find_grade_column(sheet, lab, names, column)
    if not grades.is_named:
        _refuse_other_lab(course, lab, exported)
    people = People(sheet, read_people(course, lab), grades.number)
    rows = {n: row for n, row in enumerate(sheet.rows) if not is_about_points(row)}
    matches = people.match(rows)
    filled = Filled(Path(path or _beside(exported, lab)), grades.heading)
    _tell_people(filled, people, rows, matches, results)
    cells = _fill_cells(filled, sheet, grades, people, matches, results)
    if not filled.grades and not filled.kept:
        raise ValueError(
            f"{exported.name} names nobody whose grade of {lab} is known; nothing was written. Its "
            f"first person is in {people.describe(next(iter(rows.values()), sheet.header))}; the "
            f"first one here is {results.students[0].student}. `course roster` tells the course "
            "other identifiers of its students."
        )
    if grades.possible not in (None, results.possible):
        filled.warnings.append(
            f"The platform gives {write_points(grades.possible)} points at most, and the lab is "
            f"worth {write_points(results.possible)}: platforms leave out grades above theirs."
        )
    _write(filled.path, sheet.fill(cells), exported)
    return filled


def _refuse_other_lab(course, lab, exported):
    """A worksheet does not say in its cells which assignment it is of, but often in its name."""
    words = re.findall(r"\w+", plain(exported.stem.replace("_", " ")))
    for other in course.lab_names():
        if other != lab and plain(other) in words and plain(lab) not in words:
            raise ValueError(
                f"{exported.name} seems to be of the lab {other}, not of {lab}. If it is of {lab}, "
                "say which column gets its grades, with --column."
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


def _fill_cells(filled, sheet, grades, people, matches, results):
    """The cells that change, as pairs of a `Cell` and its text; tells of the others."""
    by_student = {result.student: result for result in results.students}
    comma, cells = _has_decimal_commas(sheet), []
    for number, student in sorted(matches.students.items()):
        result, row = by_student.get(student), sheet.rows[number]
        if result is None:
            continue
        before = sheet.read(row, grades.number)
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
            cells.append((row[grades.number], total.replace(".", ",") if comma else total))
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
