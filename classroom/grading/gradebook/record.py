"""Recording what became of submissions: in the gradebook, in `autograded/`, and as outcomes."""

from dataclasses import replace
from datetime import datetime, timezone

import nbformat
from nbgrader.utils import is_grade, is_task, rmtree

from classroom.compat.gradebook import Gradebook
from classroom.grading.gradebook.earlier import (
    find_earlier,
    keep,
    read_answers,
    read_given,
    read_graded_answers,
)
from classroom.results import outcomes


def record(attempt, lab):
    """Records a submission: its scores, its executed notebooks and files, its outcome.

    Args:
        attempt: An `Attempt` that was run, or that cannot be graded.
        lab: The `Lab`.

    Returns:
        The attempt.
    """
    folder = lab.course.labs / "autograded" / attempt.student / lab.name
    last = outcomes.read(lab.course, lab.name, attempt.student)
    answers, earlier = read_graded_answers(lab, folder, last), last.earlier if last else {}
    if attempt.is_readable:
        _register(attempt, lab)
    notebooks = {
        name: nbformat.reads(text, as_version=4) for name, text in attempt.notebooks.items()
    }
    if notebooks:
        before, answers = answers, read_answers(lab, notebooks)
        given = read_given(lab, attempt.student)
        notebooks = {
            name: lab.steps.save(notebook, name, attempt.student)
            for name, notebook in notebooks.items()
        }
        earlier = find_earlier(given, before, answers, last)
        looked_at = {cell for cell, one in given.items() if one.has_points and not one.waits}
        if kept := looked_at - earlier.keys():
            keep(lab, attempt.student, kept)
    if folder.exists():
        rmtree(str(folder))
    if notebooks:
        for name, content in attempt.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        folder.mkdir(parents=True, exist_ok=True)
        for name, notebook in notebooks.items():
            nbformat.write(notebook, folder / f"{name}.ipynb")
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
        for name in lab.notebooks if attempt.notebooks else ():
            if name not in attempt.notebooks:
                _score_unseen(gradebook, attempt, lab, name)


def _score_unseen(gradebook, attempt, lab, name):
    """Scores a notebook that was not run: 0 if it is missing, else a person has to look."""
    is_missing = name in attempt.missing
    notebook = gradebook.find_submission_notebook(name, lab.name, attempt.student)
    notebook.late_submission_penalty = None
    for grade in notebook.grades:
        grade.auto_score = 0 if is_missing else None
        grade.needs_manual_grade = not is_missing
    gradebook.db.commit()


def read_scores(attempt, lab):
    """Reads the scores of an executed submission, and records nothing.

    Args:
        attempt: An `Attempt` that was run.
        lab: The `Lab`.

    Returns:
        Dictionary from each graded cell's name to its score; None where a person has to grade.
    """
    run = {name: nbformat.reads(text, as_version=4) for name, text in attempt.notebooks.items()}
    return {
        lab.name_cell(name, cell.metadata.nbgrader.grade_id): score(cell)
        for notebooks, score in (
            (run, lambda cell: lab.steps.read_score(cell) if is_grade(cell) else None),
            ({name: lab.original[name] for name in attempt.missing}, lambda cell: 0),
        )
        for name, notebook in notebooks.items()
        for cell in notebook.cells
        if is_grade(cell) or is_task(cell)
    }
