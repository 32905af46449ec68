"""The column of a platform's table that holds the grades of a lab."""

import re
from typing import NamedTuple

from classroom.sheets.headings import (
    ABOUT_PEOPLE,
    GRADES,
    KINDS,
    MAXIMA,
    NO_POINTS,
    POINTS,
    plain,
)

NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
# What stands in a column of grades where there is none yet: nothing, a dash, or Blackboard's words.
_EMPTY = re.compile(r"[-–—]?|needs (grading|marking).*|in progress.*", re.IGNORECASE)
# What Canvas writes where a person gets no grade: excused, not assigned.
KEPT = ("EX", "N/A")
# Headings of single platforms: Canvas "Fusion (4711)", Blackboard "Fusion [Total Pts: 25 Score]
# |4711", Brightspace "Fusion Points Grade <Numeric MaxPoints:25 Weight:10>".
_CANVAS = re.compile(r"(?P<title>.+) \(\d+\)")
_BLACKBOARD = re.compile(r"(?P<title>.+?) \[(?P<about>[^\]]*)\](?: ?\|\d+)?")
_BRIGHTSPACE = re.compile(r"(?P<title>.+?) Points Grade(?: <(?P<about>.*)>)?")
_BRIGHTSPACE_OTHERS = re.compile(r".+ (Text Grade|Grade Symbol|Weighted Grade)\b.*")
_BLACKBOARD_OTHERS = re.compile(r"\b(Text|Letter|Percentage|Complete/Incomplete)$")
_MOODLE = re.compile(r"(?P<title>.+) \((?P<about>[^()]+)\)")
_ABOUT_POINTS = re.compile(r"(?:MaxPoints:|Pts:(?: up to)?) ?(\d+(?:[.,]\d+)?)")
_PARTICIPANT = re.compile(r"(\D{3,}?)\s*(\d+)")


class GradeColumn(NamedTuple):
    """Where a table holds the grades of a lab.

    Attributes:
        number: Number of the column, from 0.
        heading: Its heading.
        possible: The most points that the platform gives; None if the table does not say.
        is_named: Whether the heading names the lab, or a person said that it is this one.
    """

    number: int
    heading: str
    possible: float | None
    is_named: bool


def read_number(text):
    """Returns the number that a cell holds, with a decimal comma or point; None if it is none."""
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def find_grade_column(sheet, lab, names, column=None):
    """Finds the column that gets the grades of a lab.

    It has a heading that names the lab, in the form of a platform's; or the table is the worksheet
    of one assignment, as Moodle writes it, which has one column of grades.

    Args:
        sheet: A `Sheet`.
        lab: Name of the lab, for errors.
        names: What the lab may be called.
        column: The heading, or the assignment's title in it, if a person says which it is.

    Returns:
        A `GradeColumn`.

    Raises:
        ValueError: if there is none or more than one, or it is no column of points.
    """
    is_named = True
    if column is not None:
        found, which = _find_named(sheet, column), f"columns are called {column!r}"
    else:
        found, which = _find_lab(sheet, names), f"columns of points name the lab {lab}"
        if not found:
            is_named, found = False, _find_worksheet_grades(sheet)
    if len(found) != 1:
        listed = [sheet.headings[number] for number in found] or sheet.headings
        raise ValueError(
            f"{len(found) or 'No'} {which}. Say which column gets its grades: --column with one of "
            f"{', '.join(repr(heading) for heading in listed if heading)}."
        )
    (number,) = found
    _refuse_other_columns(sheet, number)
    possible = _find_possible(sheet, number)
    return GradeColumn(number, sheet.headings[number], possible, is_named)


def is_about_points(row):
    """Whether a row of Canvas's says how many points are possible, or who sees what: no person."""
    return "Points Possible" in row[0].text or not any(
        cell.text.strip() and not re.match(r"\s*(muted|manual posting)", cell.text, re.IGNORECASE)
        for cell in row
    )


def _find_named(sheet, column):
    numbers = range(len(sheet.header))
    found = [number for number in numbers if plain(sheet.headings[number]) == plain(column)]
    titles = {number: map(plain, _titles(sheet, sheet.headings[number])) for number in numbers}
    return found or [number for number in numbers if plain(column) in titles[number]]


def _find_worksheet_grades(sheet):
    """The grades of a table that is about one assignment."""
    headings = [plain(heading) for heading in sheet.headings]
    grades = [number for number, heading in enumerate(headings) if heading in GRADES]
    others = [heading for heading in headings if heading not in GRADES | ABOUT_PEOPLE]
    beside = [number for number in grades if set(headings[number + 1 : number + 2]) & MAXIMA]
    return beside or (grades if not others else _find_by_form(sheet))


def _find_by_form(sheet):
    """The grades of a worksheet of Moodle's in any language.

    Its first column numbers the participants, and the one beside the grades holds the same number
    for all: the best grade.
    """
    people = [_PARTICIPANT.fullmatch(text) for text in sheet.column(0)]
    if not all(people) or len({found[1] for found in people}) > 1:
        return []
    found = []
    for number in range(1, len(sheet.header) - 1):
        best = set(sheet.column(number + 1))
        most = read_number(min(best)) if len(best) == 1 else None
        grades = [read_number(text) for text in sheet.column(number) if not _EMPTY.fullmatch(text)]
        if most and None not in grades and max(grades, default=0) <= most:
            found.append(number)
    return found


def _find_lab(sheet, names):
    exact, near = [], []
    for number, heading in enumerate(sheet.headings):
        titles = [] if _is_other(heading) else _titles(sheet, heading)
        if any(plain(title) == plain(name) for title in titles for name in names):
            exact.append(number)
        elif any(_essence(title) == _essence(name) for title in titles for name in names):
            near.append(number)
    found = exact or near
    return [number for number in found if _says_points(sheet.headings[number])] or found


def _titles(sheet, heading):
    """What a heading may call an assignment, without what platforms add to it."""
    titles = [heading]
    headings = {plain(one) for one in sheet.headings[:3]}
    forms = [_CANVAS] if headings & {"student", "lastname"} and "id" in headings else []
    for form in (*forms, _BLACKBOARD, _BRIGHTSPACE):
        if found := form.fullmatch(heading):
            titles.append(found["title"])
    if found := _MOODLE.fullmatch(heading):
        ways = [end["about"] for one in sheet.headings if (end := _MOODLE.fullmatch(one))]
        if plain(found["about"]) in POINTS or ways.count(found["about"]) > 1:
            titles.append(found["title"])
    for title in list(titles):
        kind, colon, name = title.replace("：", ":").partition(":")
        if colon and plain(kind) in KINDS:
            titles.append(name)
    return titles


def _is_other(heading):
    """Whether a heading says that its column holds no points."""
    if found := _BLACKBOARD.fullmatch(heading):
        return bool(_BLACKBOARD_OTHERS.search(found["about"]))
    found = _MOODLE.fullmatch(heading)
    words = plain(found["about"]) if found else ""
    return words in NO_POINTS or bool(_BRIGHTSPACE_OTHERS.fullmatch(heading))


def _says_points(heading):
    found = _MOODLE.fullmatch(heading)
    return bool(found) and plain(found["about"]) in POINTS


def _essence(text):
    """What of a title tells labs apart: without "Lab 3:" before it, and as one word."""
    words = re.findall(r"\d+|[^\W\d_]+", plain(text))
    left = list(words)
    while left and left[0] in KINDS:
        del left[0]
        if left and left[0].isdigit():
            del left[0]
    while left and left[-1] in KINDS:
        del left[-1]
    kept = left if any(word.isalpha() for word in left) else words
    return tuple(kept) if any(word.isdigit() for word in kept) else "".join(kept)


def _refuse_other_columns(sheet, number):
    heading = sheet.headings[number]
    if plain(heading) in ABOUT_PEOPLE | MAXIMA:
        raise ValueError(f"The column {heading!r} holds no grades; name another with --column.")
    for row in sheet.rows:
        text = sheet.read(row, number)
        if is_about_points(row):
            if text and read_number(text) is None and "Points Possible" in row[0].text:
                raise ValueError(f"The platform does not read the column {heading!r}: {text}.")
        elif text not in KEPT and not _EMPTY.fullmatch(text) and read_number(text) is None:
            raise ValueError(
                f"The column {heading!r} holds {text[:40]!r} in line {sheet.line_of(row)}; "
                "expected are numbers. Name a column of points with --column, or set the "
                "assignment to points on the platform."
            )
    # A scale has its words where the best grade would be.
    beside = sheet.column(number + 1)
    if plain(heading) in GRADES and beside and all("\n" in text for text in beside):
        raise ValueError(
            f"The column {heading!r} takes words of a scale, not points; set the assignment to "
            "points on the platform and export it again."
        )


def _find_possible(sheet, number):
    heading = sheet.headings[number]
    if found := _ABOUT_POINTS.search(heading):
        return read_number(found[1])
    for row in sheet.rows:
        if "Points Possible" in row[0].text:
            return read_number(sheet.read(row, number))
    best = set(sheet.column(number + 1))
    if plain(heading) in GRADES and len(best) == 1:
        return read_number(best.pop())
    return None
