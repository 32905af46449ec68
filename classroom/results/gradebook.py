"""The scores of a class, read from nbgrader's gradebook."""

from datetime import timezone
from typing import NamedTuple

import numpy as np
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

import classroom.compat.gradebook  # noqa: F401
from classroom.catalogue.labs import name_cell
from classroom.cleaning import clean_line, clean_text
from classroom.results import outcomes
from classroom.results.questions import question_of
from classroom.sheets.people import Known


class Scores(NamedTuple):
    """A class's scores in a lab.

    Attributes:
        students: Dictionary from each student's identifier to their full name, or "".
        cells: Names of the graded cells, see `name_cell`, in the lab's order.
        points: Highest score of each cell, `(cells,)`.
        scores: Scores, `(students, cells)`; NaN where a person has to grade first, also because
            what a person gave was for an earlier answer.
        by_person: Whether a score was given by a person, `(students, cells)`.
        penalties: Points taken off for handing in late, `(students,)`.
    """

    students: dict[str, str]
    cells: list[str]
    points: np.ndarray
    scores: np.ndarray
    by_person: np.ndarray
    penalties: np.ndarray

    @property
    def totals(self):
        """Each student's points so far, `(students,)`, before late penalties."""
        return np.nansum(self.scores, axis=1)

    def questions(self):
        """Returns a dictionary from each question to the numbers of its cells.

        `question_of` says which cells belong together.
        """
        questions = {}
        for number, cell in enumerate(self.cells):
            questions.setdefault(question_of(cell), []).append(number)
        return questions


class Change(NamedTuple):
    """A score that moves.

    Attributes:
        student: Identifier of the student.
        cell: Name of the graded cell.
        before: Score before; NaN for none.
        after: Score after; NaN for none.
    """

    student: str
    cell: str
    before: float
    after: float


def find_lab(course, lab, gradebook):
    """Returns the gradebook's entries of a lab's notebooks, by name.

    Args:
        course: The `Course`.
        lab: Name of the lab.
        gradebook: Its open gradebook.

    Raises:
        ValueError: for an unknown lab, or one that the gradebook does not know.
    """
    try:
        notebooks = gradebook.find_assignment(lab).notebooks
    except MissingEntry:
        notebooks = []
    if not notebooks:
        course.source(lab)
        raise ValueError(
            f"The gradebook knows no lab {lab!r}; run `course labs release {lab}` first."
        )
    return notebooks


def read_scores(course, lab):
    """Reads the scores of a lab.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        A `Scores`, with a row for every student who has a submission in the gradebook.

    Raises:
        ValueError: for an unknown lab, or one that the gradebook does not know.
    """
    with course.gradebook(lab) as gradebook:
        notebooks = find_lab(course, lab, gradebook)
        cells = [cell for notebook in notebooks for cell in _graded_cells(notebook)]
        names = [name_cell(notebooks, cell.notebook.name, cell.name) for cell in cells]
        submitted = (
            gradebook.db.query(Student)
            .join(SubmittedAssignment, SubmittedAssignment.student_id == Student.id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == lab)
            .order_by(Student.id)
        )
        students = {student.id: _full_name(student) for student in submitted}
        row = {student: number for number, student in enumerate(students)}
        scores = np.full((len(students), len(cells)), np.nan)
        by_person = np.zeros(scores.shape, bool)
        earlier = read_earlier(course, lab)
        grades = rows_of_lab(gradebook, lab, Grade, Grade.score, Grade.manual_score).filter(
            Grade.auto_score.is_not(None) | Grade.manual_score.is_not(None)
        )
        for student, notebook, cell, score, manual_score in grades:
            name = name_cell(notebooks, notebook, cell)
            place = row[student], names.index(name)
            outdated = (student, name) in earlier and manual_score is not None
            scores[place] = np.nan if outdated else score
            by_person[place] = manual_score is not None
        penalties = np.zeros(len(students))
        late = (
            gradebook.db.query(
                SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty
            )
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == lab)
        )
        for student, penalty in late:
            penalties[row[student]] += penalty or 0.0
        points = np.array([cell.max_score for cell in cells])
        return Scores(students, names, points, scores, by_person, penalties)


def _graded_cells(notebook):
    """The cells of a notebook that are worth points, those that a person grades too, in order."""
    order = [cell.name for cell in notebook.source_cells]
    cells = notebook.grade_cells + notebook.task_cells
    return sorted(cells, key=lambda cell: order.index(cell.name))


def read_names(course, lab):
    """Returns a dictionary from the identifiers of all students to their full names, or ""."""
    with course.gradebook(lab) as gradebook:
        return {student.id: _full_name(student) for student in gradebook.students}


def _full_name(student):
    return clean_line(" ".join(filter(None, [student.first_name, student.last_name])))


def read_people(course, lab):
    """Returns a list of the gradebook's students as `Known`, by identifier.

    Among their other identifiers are the address and the number on the learning platform.
    """
    with course.gradebook(lab) as gradebook:
        return [
            Known(student.id, _full_name(student), (student.email or "", student.lms_user_id or ""))
            for student in gradebook.students
        ]


def read_hand_in_times(course, lab):
    """Returns a dictionary from students' identifiers to when they handed a lab in, in UTC.

    Those of whom the gradebook does not know it are missing.
    """
    with course.gradebook(lab) as gradebook:
        columns = (SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
        times = gradebook.db.query(*columns).join(
            Assignment, Assignment.id == SubmittedAssignment.assignment_id
        )
        return {
            student: time.replace(tzinfo=timezone.utc)
            for student, time in times.filter(Assignment.name == lab)
            if time
        }


def read_comments(course, lab):
    """Reads what persons, and nbgrader itself, remarked on answers.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        Dictionary from each student's identifier to a dictionary from cells' names to comments.
        Those on an answer that has been replaced since say so.
    """
    earlier, comments = read_earlier(course, lab), {}
    with course.gradebook(lab) as gradebook:
        notebooks = find_lab(course, lab, gradebook)
        for student, notebook, cell, comment in rows_of_lab(
            gradebook, lab, Comment, Comment.comment
        ):
            if comment:
                words, name = clean_text(comment), name_cell(notebooks, notebook, cell)
                if earlier.get((student, name), Earlier(None, "")).comment == comment:
                    words = f"To the earlier answer: {words}"
                comments.setdefault(student, {})[name] = words
    return comments


class Earlier(NamedTuple):
    """What a person gave to an answer that the student has replaced since.

    Attributes:
        points: The points; None if there are none, or they were given to the answer of now.
        comment: The comment, or "".
    """

    points: float | None
    comment: str


def read_earlier(course, lab):
    """Reads what persons gave to earlier answers and nobody has looked at since.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        Dictionary from pairs of a student's identifier and a cell's name to `Earlier`.
    """
    marked = {
        (outcome.student, cell): Earlier(None, comment)
        for outcome in outcomes.read_all(course, lab)
        for cell, comment in outcome.earlier.items()
    }
    if not marked:
        return {}
    with course.gradebook(lab) as gradebook:
        notebooks = find_lab(course, lab, gradebook)
        columns = (Grade.manual_score, Grade.needs_manual_grade)
        for student, notebook, cell, points, waits in rows_of_lab(gradebook, lab, Grade, *columns):
            place = student, name_cell(notebooks, notebook, cell)
            if place in marked and waits:
                marked[place] = marked[place]._replace(points=points)
            elif place in marked and points is not None:
                del marked[place]
    return marked


def differences(before, after):
    """Finds the scores that a regrading moves.

    Scores that a person gave stay.

    Args:
        before: The `Scores` of the gradebook.
        after: Dictionary from each student to a dictionary from cells' names to scores, NaN where a
            person has to grade.

    Returns:
        List of `Change`s, by student and in the lab's order. Students who are in one of both only
        have NaN in the other.
    """
    row = {student: number for number, student in enumerate(before.students)}
    changes = []
    for student in sorted({*row, *after}):
        for column, cell in enumerate(before.cells):
            number, known = row.get(student), student in row
            if known and before.by_person[number, column]:
                continue
            old = before.scores[number, column] if known else np.nan
            new = after.get(student, {}).get(cell, np.nan)
            if not np.isclose(old, new, equal_nan=True):
                changes.append(Change(student, cell, float(old), float(new)))
    return changes


def rows_of_lab(gradebook, lab, table, *columns):
    """Asks a table of grades or comments for the rows of a lab.

    Args:
        gradebook: The open gradebook.
        lab: Name of the lab.
        table: `Grade` or `Comment`.
        *columns: What is asked for.

    Returns:
        A query: the student, the notebook and the cell of each row, and then the columns.
    """
    return (
        gradebook.db.query(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, *columns)
        .select_from(table)
        .join(BaseCell, BaseCell.id == table.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == table.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == lab)
    )
