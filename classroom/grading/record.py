"""Recording what became of submissions: in the gradebook, in `autograded/`, and as outcomes."""

import nbformat
from nbgrader.utils import is_grade, rmtree

from classroom.compat.gradebook import Gradebook
from classroom.results import outcomes
from classroom.running.graded_cells import read_score


def record(attempt, lab):
    """Records a submission: its scores, its executed notebook and files, its outcome.

    Args:
        attempt: An `Attempt` that was run, or that cannot be graded.
        lab: The `Lab`.

    Returns:
        The attempt.
    """
    folder = lab.course.labs / "autograded" / attempt.student / lab.name
    if attempt.is_readable:
        _register(attempt, lab)
    notebook = nbformat.reads(attempt.notebook, as_version=4) if attempt.notebook else None
    if notebook is not None:
        notebook = lab.steps.save(notebook, attempt.student)
    if folder.exists():
        rmtree(str(folder))
    if notebook is not None:
        for name, content in attempt.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / f"{lab.name}.ipynb")
        lab.steps.converter.set_permissions(lab.name, attempt.student)
    outcomes.write(lab.course, lab.name, attempt.outcome)
    return attempt


def _register(attempt, lab):
    """Tells the gradebook that there is a submission, and when it was handed in."""
    when = {"timestamp": attempt.handed_in} if attempt.handed_in else {}
    directory = lab.steps.directory
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        gradebook.update_or_create_student(attempt.student)
        gradebook.update_or_create_submission(lab.name, attempt.student, **when)


def read_scores(attempt):
    """Reads the scores of an executed submission, and records nothing.

    Args:
        attempt: An `Attempt` that was run.

    Returns:
        Dictionary from each graded cell's name to its score; None where a person has to grade.
    """
    cells = nbformat.reads(attempt.notebook, as_version=4).cells
    return {
        cell.metadata.nbgrader.grade_id: read_score(cell)[0] for cell in cells if is_grade(cell)
    }
