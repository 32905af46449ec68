"""The scores of a class, read from nbgrader's gradebook."""

from typing import NamedTuple

import numpy as np
from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)


class Scores(NamedTuple):
    """A class's scores in a lab.

    Attributes:
        students: Dictionary from each student's identifier to their full name, or "".
        cells: Names of the graded cells, in the lab's order.
        points: Highest score of each cell, `(cells,)`.
        scores: Scores, `(students, cells)`; NaN where a person has to grade first.
    """

    students: dict[str, str]
    cells: list[str]
    points: np.ndarray
    scores: np.ndarray

    @property
    def totals(self):
        """Each student's points so far, `(students,)`."""
        return np.nansum(self.scores, axis=1)

    def questions(self):
        """Returns a dictionary from each question to the numbers of its cells.

        The cells `NAME-tests` and `NAME-check` belong to the question `NAME`.
        """
        questions = {}
        for number, cell in enumerate(self.cells):
            questions.setdefault(cell.split("-")[0], []).append(number)
        return questions


def find_lab(gradebook, lab):
    """Returns the gradebook's entry of a lab's notebook.

    Raises:
        ValueError: if there is none.
    """
    try:
        return gradebook.find_notebook(lab, lab)
    except MissingEntry:
        raise ValueError(
            f"The gradebook knows no lab {lab!r}; run `course labs release {lab}` first."
        ) from None


def read_scores(course, lab):
    """Reads the scores of a lab.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        A `Scores`, with a row for every student who has a submission in the gradebook.

    Raises:
        ValueError: if the gradebook does not know the lab.
    """
    with course.gradebook(lab) as gradebook:
        notebook = find_lab(gradebook, lab)
        order = [cell.name for cell in notebook.source_cells]
        cells = sorted(notebook.grade_cells, key=lambda cell: order.index(cell.name))
        names = [cell.name for cell in cells]
        submitted = (
            gradebook.db.query(Student)
            .join(SubmittedAssignment, SubmittedAssignment.student_id == Student.id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == lab)
            .order_by(Student.id)
        )
        students = {s.id: " ".join(filter(None, [s.first_name, s.last_name])) for s in submitted}
        grades = (
            gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade.score)
            .select_from(Grade)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == lab)
            .filter(Grade.auto_score.is_not(None) | Grade.manual_score.is_not(None))
        )
        row = {student: number for number, student in enumerate(students)}
        scores = np.full((len(students), len(cells)), np.nan)
        for student, cell, score in grades:
            scores[row[student], names.index(cell)] = score
        return Scores(students, names, np.array([cell.max_score for cell in cells]), scores)
