"""Exporting a lab's grades: as a table of our own, and as learning platforms import them."""

import csv
import re
from pathlib import Path

from markupsafe import escape

from classroom.cleaning import clean_line
from classroom.collecting.records import read_record
from classroom.pages import write_points
from classroom.reports.student_feedback import read_feedback
from classroom.results.class_results import read_results

# What makes a spreadsheet take a cell for a formula, after blanks and quotes. Some spreadsheets
# separate cells by semicolons, whatever the file's commas say.
_SIGN = "[=+@＝＋－＠-]"
_BLANK = r"[\s\"\u200b-\u200d\u2060\ufeff]"
_FORMULA = re.compile(f"(^|;)(?={_BLANK}*{_SIGN})")
_SIGNS = re.compile(f"(?:^|;)(?:{_BLANK}*{_SIGN})+")


def write(course, lab, path=None, format="csv"):
    """Exports the grades of a lab.

    Submissions that could not be graded, and those with an answer that a person still has to read,
    have no total: an empty cell, never 0. Late penalties are taken off. A student's text is cleaned
    and put on one line; an apostrophe stands wherever a spreadsheet would take it for a formula,
    also one that separates cells by semicolons.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        path: The file to write; in `labs/reports/` if None.
        format: `"csv"`: points of every question, penalty, total and fault, with the mark by which
            spreadsheets know UTF-8.
            `"canvas"`: what Canvas's gradebook imports, after `lib/gradebook_importer.rb` of its
            source. Canvas finds students by `ID`, its own number, which its archives of submissions
            and nbgrader's `lms_user_id` hold; else by `SIS Login ID`; and the assignment by its
            title, the lab's name.
            `"moodle"`: the offline grading worksheet of an assignment, after
            `mod/assign/feedback/offline/importgradeslib.php` of its source. Moodle finds students
            by `Identifier`, whose number is in the names of its archives' files, another one in
            each assignment; to replace grades that it has already, tick that records modified more
            recently may be updated. The comments are the feedback, in HTML.

    Returns:
        The path.

    Raises:
        ValueError: for an unknown format or lab, or if nothing of the lab was graded.
    """
    if format not in FORMATS:
        raise ValueError(f"Unknown format {format!r}. There are: {', '.join(FORMATS)}.")
    if path is None:
        name = f"{lab}.csv" if format == "csv" else f"{lab}-{format}.csv"
        path = course.labs / "reports" / name
    rows = FORMATS[format](course, lab)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = "utf-8-sig" if format == "csv" else "utf-8"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def _csv(course, lab):
    results = read_results(course, lab)
    yield ["student", "name", *results.questions, "late penalty", "total", "fault"]
    for result in results.students:
        scores = [_write(score) for score in result.scores.values()]
        yield [
            _defuse(result.student),
            _defuse(result.name),
            *scores,
            "" if result.fault else _write(result.penalty),
            _write_total(result),
            _defuse(result.fault),
        ]


def _canvas(course, lab):
    results = read_results(course, lab)
    people = _read_people(course, lab)
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", lab]
    yield ["    Points Possible", "", "", "", "", _write(results.possible)]
    for result in results.students:
        _, number = people.get(result.student, ("", ""))
        if not number and result.student.isdecimal():
            number = result.student
        login = "" if number else result.student
        name = _defuse(result.name or result.student)
        yield [name, _defuse(number), "", _defuse(login), "", _write_total(result)]


def _moodle(course, lab):
    results = read_results(course, lab)
    people = _read_people(course, lab)
    comments = {feedback.student: _comment(feedback) for feedback in read_feedback(course, lab)}
    yield [
        "Identifier",
        "Full name",
        "Email address",
        "Status",
        "Grade",
        "Maximum Grade",
        "Grade can be changed",
        "Last modified (submission)",
        "Last modified (grade)",
        "Feedback comments",
    ]
    for result in results.students:
        email, _ = people.get(result.student, ("", ""))
        record = read_record(course, lab, result.student)
        number = record.key if record and record.platform == "Moodle" else result.student
        yield [
            _defuse(f"Participant {number}"),
            _defuse(result.name),
            _defuse(email),
            "",
            _write_total(result),
            _write(results.possible),
            "Yes",
            "-",
            "-",
            comments.get(result.student, ""),
        ]


FORMATS = {"csv": _csv, "canvas": _canvas, "moodle": _moodle}


def _read_people(course, lab):
    """Each student's email address and number on the learning platform, as far as known."""
    with course.gradebook(lab) as gradebook:
        return {
            student.id: (student.email or "", student.lms_user_id or "")
            for student in gradebook.students
        }


def _comment(feedback):
    """Feedback in a few lines of HTML, with entities for signs that could begin a formula."""
    lines = [f"Not graded: {feedback.fault}"] if feedback.fault else []
    if feedback.penalty:
        lines.append(f"Taken off for handing in late: {write_points(feedback.penalty)}.")
    for question in feedback.questions:
        score = f"{write_points(question.score)} of {write_points(question.points)}"
        words = " ".join([*question.reasons, *question.comments])
        lines.append(f"{question.title or question.question}: {score}. {words}".strip())
    text = "<br>".join(escape(clean_line(line)) for line in [*lines, *feedback.notes])
    return _SIGNS.sub(lambda found: re.sub(_SIGN, _write_entity, found[0]), text)


def _write_entity(sign):
    return f"&#{ord(sign[0])};"


def _write(points):
    return "" if points is None else write_points(points)


def _write_total(result):
    return _write(result.total if result.is_final else None)


def _defuse(text):
    return _FORMULA.sub(r"\1'", clean_line(text))
