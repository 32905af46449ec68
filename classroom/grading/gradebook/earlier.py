"""What persons gave to an answer that a student has since replaced by another one.

nbgrader keeps a person's points and comments for good, and marks all of them as to be looked at
whenever a submission is graded again. Here those of an answer that is still the same stay as they
are, and those of another answer are named in the `Outcome`, which `classroom.results` reads.
"""

import hashlib
from typing import NamedTuple

import nbformat
from nbgrader.api import Comment, Grade, SubmittedAssignment
from nbgrader.utils import is_solution

from classroom.compat.gradebook import Gradebook
from classroom.results.gradebook import rows_of_lab
from classroom.results.questions import question_of


class Given(NamedTuple):
    """What a person gave to a cell.

    Attributes:
        has_points: Whether a person gave points.
        waits: Whether the gradebook says that a person has to look at it; None for a cell that has
            no points.
        comment: What the person remarked, or "".
    """

    has_points: bool
    waits: bool | None
    comment: str


def read_answers(lab, notebooks):
    """Reads what students filled in.

    Args:
        lab: The `Lab`.
        notebooks: Dictionary from names to notebooks.

    Returns:
        Dictionary from the cells that students fill in to checksums of what is there.
    """
    return {
        lab.name_cell(name, cell.metadata.nbgrader.grade_id): hashlib.sha256(
            cell.source.encode("utf-8", "replace")
        ).hexdigest()
        for name, notebook in notebooks.items()
        for cell in notebook.cells
        if is_solution(cell)
    }


def read_graded_answers(lab, folder, last):
    """Reads what answers points and comments in the gradebook belong to.

    Args:
        lab: The `Lab`.
        folder: Folder of the notebooks that were graded last.
        last: The `Outcome` of the last grading, or None.

    Returns:
        Dictionary as `read_answers` makes it; from the notebook where the outcome has none.
    """
    if last and last.answers:
        return last.answers
    paths = {name: folder / f"{name}.ipynb" for name in lab.notebooks}
    graded = {name: path for name, path in paths.items() if path.exists()}
    return read_answers(
        lab, {name: nbformat.read(path, as_version=4) for name, path in graded.items()}
    )


def read_given(lab, student):
    """Reads what persons gave to a submission.

    Args:
        lab: The `Lab`.
        student: Identifier of the student.

    Returns:
        Dictionary from cells' names to `Given`, without those to which nobody gave anything.
    """
    with _open(lab) as gradebook:
        grades = _of_submission(gradebook, lab, student, Grade)
        comments = _of_submission(gradebook, lab, student, Comment)
        cells = {name: Given(False, None, found.manual_comment or "") for name, found in comments}
        for name, grade in grades:
            comment = cells[name].comment if name in cells else ""
            has_points = grade.manual_score is not None
            cells[name] = Given(has_points, grade.needs_manual_grade, comment)
    return {name: given for name, given in cells.items() if given.has_points or given.comment}


def find_earlier(given, before, now, last):
    """Finds what belongs to an earlier answer.

    A cell belongs to the answers of its question, or where that has none, to all of its notebook.

    Args:
        given: Dictionary that `read_given` made, before the submission was graded again.
        before: The answers that were graded last, as `read_answers` gives them.
        now: Those that are graded now.
        last: The `Outcome` of the last grading, or None.

    Returns:
        Dictionary from cells' names to the comment there, or "".
    """
    earlier, known = {}, last.earlier if last else {}
    for cell, (has_points, waits, comment) in given.items():
        answers = [name for name in now if question_of(name) == question_of(cell)] or [
            name for name in now if name.rpartition("/")[0] == cell.rpartition("/")[0]
        ]
        if before and any(before.get(name) != now[name] for name in answers):
            earlier[cell] = comment
        elif cell in known and (waits if has_points else comment == known[cell]):
            earlier[cell] = known[cell]
    return earlier


def keep(lab, student, cells):
    """Tells the gradebook that the points which persons gave to cells need nobody's look.

    Args:
        lab: The `Lab`.
        student: Identifier of the student.
        cells: Names of the cells.
    """
    with _open(lab) as gradebook:
        for name, grade in _of_submission(gradebook, lab, student, Grade):
            if name in cells:
                grade.needs_manual_grade = False
        gradebook.db.commit()


def _open(lab):
    return Gradebook(lab.steps.directory.db_url, lab.steps.directory.course_id)


def _of_submission(gradebook, lab, student, table):
    """Pairs of cells' names and rows of a table of grades or comments, of one submission."""
    found = rows_of_lab(gradebook, lab.name, table, table).filter(
        SubmittedAssignment.student_id == student
    )
    return [(lab.name_cell(notebook, cell), row) for _, notebook, cell, row in found]
