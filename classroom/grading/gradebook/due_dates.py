"""Due dates, extensions, and the penalties that follow from them, without running anything.

The due date is the gradebook's. An extension is a student's own due date; it may be given before
anything was handed in, so that it is kept in `labs/extensions.json` and copied to the gradebook
with the submission. Extensions that were given in formgrader stay.
"""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

from nbgrader.preprocessors import AssignLatePenalties

from classroom.collecting.records import read_record
from classroom.collecting.roster import read_roster
from classroom.grading.gradebook.nbgrader_steps import NbgraderSteps
from classroom.results.gradebook import find_lab
from classroom.submissions.repair import read_time


@dataclass(frozen=True)
class Lateness:
    """How late a submission came.

    Attributes:
        student: Identifier of the student.
        handed_in: When it was handed in, in UTC; None if that is not known.
        source: Who says so: the name of a platform, `"timestamp.txt"`, or "" for nobody.
        due: When it was due, the student's extension included, in UTC; None for never.
        seconds: How late it was. One second where a platform says that it was late, but not by how
            much: a day has begun, and no second one is known of.
        penalty: Points taken off.
    """

    student: str
    handed_in: datetime | None
    source: str
    due: datetime | None
    seconds: float
    penalty: float


def parse_due_date(text):
    """Reads a date that an instructor wrote.

    Args:
        text: A date such as `"2026-12-01"`, which ends with its day, or a date and a time such as
            `"2026-12-01 18:00"`, of this machine's time zone if it names none.

    Returns:
        The time in UTC.

    Raises:
        ValueError: if it is neither.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{text!r} is no date. Write it as 2026-12-01 or as 2026-12-01 18:00."
        ) from None
    if len(text.strip()) <= len("2026-12-01"):
        found = datetime.combine(found, time(23, 59, 59))
    return found.astimezone(timezone.utc)


def set_due_date(course, lab, due):
    """Sets when a lab is due.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        due: The time, or None for never.

    Raises:
        ValueError: if the gradebook does not know the lab.
    """
    with course.gradebook(lab) as gradebook:
        find_lab(course, lab, gradebook)[0].assignment.duedate = due and _plain(due)
        gradebook.db.commit()


def set_extension(course, lab, student, until):
    """Gives a student a due date of their own.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        student: Identifier of the student.
        until: The time, or None to take it back.

    Raises:
        ValueError: if the roster does not have the student, and nothing was handed in.
    """
    roster = read_roster(course)
    known = (course.labs / "submitted" / student).is_dir() or student in [
        one.student for one in roster or []
    ]
    if roster and not known:
        raise ValueError(
            f"{student!r} is not in the roster and handed nothing in. Write the identifier that "
            "`course collect` and `course grade` show."
        )
    extensions = _read_extensions(course)
    of_lab = extensions.setdefault(lab, {})
    # "" is taken from the gradebook when penalties are updated.
    of_lab[student] = until.isoformat() if until else ""
    path = course.labs / "extensions.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(extensions, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    new.replace(path)


def update_penalties(course, lab):
    """Takes points off for what came late, by the dates and the rule that hold now.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        List of `Lateness`, one for each submission in the gradebook, by student.

    Raises:
        ValueError: if the gradebook does not know the lab.
    """
    steps = NbgraderSteps(course, lab).after
    rule = next((step for step in steps if isinstance(step, AssignLatePenalties)), None)
    if rule:
        rule.init_plugin()
    extensions, found = _read_extensions(course).get(lab, {}), []
    with course.gradebook(lab) as gradebook:
        assignment = find_lab(course, lab, gradebook)[0].assignment
        for submission in sorted(assignment.submissions, key=lambda item: item.student_id):
            student = submission.student_id
            if student in extensions:
                submission.extension = _extend(assignment.duedate, extensions[student])
            handed_in, source, is_late = _read_time(course, lab, student, submission.timestamp)
            submission.timestamp = handed_in
            due = assignment.duedate and submission.duedate
            seconds = max(0.0, (handed_in - due).total_seconds()) if handed_in and due else 0.0
            if is_late and not handed_in:
                seconds = 1.0
            penalty = sum(_set_penalty(rule, item, seconds) for item in submission.notebooks)
            about = _aware(handed_in), source, _aware(due), seconds, penalty
            found.append(Lateness(student, *about))
        gradebook.db.commit()
    return found


def _read_extensions(course):
    path = course.labs / "extensions.json"
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}. Mend or delete it.") from error


def _extend(due, until):
    """The time from a lab's due date to a student's own; None for no extension."""
    if due is None or not until:
        return None
    return max(timedelta(), _plain(datetime.fromisoformat(until)) - due) or None


def _read_time(course, lab, student, registered):
    """When a submission was handed in, who says so, and whether a platform calls it late."""
    folder = course.labs / "submitted" / student / lab
    if not folder.is_dir():
        return registered, "the gradebook" if registered else "", False
    try:
        handed_in = read_time(folder / "timestamp.txt")
    except ValueError:
        handed_in = None
    record = read_record(course, lab, student)
    if handed_in is None:
        is_late = bool(record and record.is_late)
        return None, record.platform if is_late else "", is_late
    by_platform = record and record.time and _plain(record.time) == handed_in
    return handed_in, record.platform if by_platform else "timestamp.txt", False


def _set_penalty(rule, notebook, seconds):
    """Asks nbgrader's plugin for a notebook's penalty, as nbgrader does; returns it."""
    penalty = None
    if rule and seconds > 0:
        plugin = rule.plugin_inst
        student = notebook.assignment.student_id
        penalty = plugin.late_submission_penalty(student, notebook.score, seconds)
    if penalty is not None:
        penalty = max(0.0, min(penalty, notebook.score))
    notebook.late_submission_penalty = penalty
    return penalty or 0.0


def _plain(moment):
    """A time in UTC without a time zone, as the gradebook has it."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None)


def _aware(moment):
    return moment and moment.replace(tzinfo=timezone.utc)
