"""Recording what became of submissions: in the gradebook, in `autograded/`, and as outcomes."""

from dataclasses import replace
from datetime import datetime, timezone

import nbformat
from nbgrader.utils import is_grade, rmtree

from classroom.compat.gradebook import Gradebook
from classroom.grading.earlier import (
    find_earlier,
    keep,
    read_answers,
    read_given,
    read_graded_answers,
)
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
    path = folder / f"{lab.name}.ipynb"
    last = outcomes.read(lab.course, lab.name, attempt.student)
    answers, earlier = read_graded_answers(path, last), last.earlier if last else {}
    if attempt.is_readable:
        _register(attempt, lab)
    notebook = nbformat.reads(attempt.notebook, as_version=4) if attempt.notebook else None
    if notebook is not None:
        before, answers = answers, read_answers(notebook)
        given = read_given(lab.steps, attempt.student)
        notebook = lab.steps.save(notebook, attempt.student)
        earlier = find_earlier(given, before, answers, last)
        looked_at = {cell for cell, one in given.items() if one.has_points and not one.waits}
        if kept := looked_at - earlier.keys():
            keep(lab.steps, attempt.student, kept)
    if folder.exists():
        rmtree(str(folder))
    if notebook is not None:
        for name, content in attempt.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        lab.steps.converter.set_permissions(lab.name, attempt.student)
    graded = datetime.now(timezone.utc).isoformat(timespec="seconds")
    outcome = replace(attempt.outcome, graded=graded, answers=answers, earlier=earlier)
    outcomes.write(lab.course, lab.name, outcome)
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
