"""Grading a class: each submission is prepared, run and recorded; one writer owns the gradebook."""

import time
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace

import numpy as np

from classroom.checks.hidden import seed_of
from classroom.grading import reference
from classroom.grading.gradebook.due_dates import update_penalties
from classroom.grading.gradebook.record import read_scores, record
from classroom.grading.means import Means
from classroom.grading.prepare import Lab, find_waiting, prepare
from classroom.grading.trouble import GradingStopped, alone, attempted, explaining
from classroom.running.run_notebook import execute_all

# Submissions that are prepared and wait for a worker.
AHEAD = 32


def grade(course, lab, progress=lambda outcome, left: None, *, force=False, retry=True, **means):
    """Grades all submissions of a lab that are not graded yet.

    A submission is graded again when it, the lab, its checks or the course's version have changed
    since. One submission's trouble is that submission's alone: its `Outcome` names it, and all
    others are graded. An interrupted grading goes on where it was. Penalties for what came late
    follow the dates and the rule that hold now, also where nothing was graded again.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        progress: Function called with each `Outcome` and the number of submissions left.
        force: Whether to grade all of them again.
        retry: Whether to try those again that could not be graded.
        **means: As for `Means`.

    Returns:
        List of the `Outcome`s of this run.

    Raises:
        ValueError: for an unknown lab, one that the gradebook does not know, or one whose hidden
            checks are missing or not called as they should be.
        SandboxError: if submissions are to be sealed off, and this machine lacks what it takes, or
            shows them the course.
        CourseIsBusy: if another grader works on the course.
        GradingStopped: if the disk is full, the gradebook out of reach, or the time is up.
    """
    done = _run_class(Lab(course, lab), record, progress, force, Means(**means), retry)
    with explaining():
        update_penalties(course, lab)
    return done


def preview(course, lab, progress=lambda outcome, left: None, **means):
    """Runs all submissions again and returns their scores, without recording anything.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        progress: Function called with each `Outcome` and the number of submissions left.
        **means: As for `Means`.

    Returns:
        Dictionary from each student to a dictionary from each cell's name to its score, NaN where
        a person has to grade; and a list of the `Outcome`s.
    """
    scores = {}

    def look(attempt, lab):
        if attempt.notebooks:
            scores[attempt.student] = {
                cell: np.nan if score is None else score
                for cell, score in read_scores(attempt, lab).items()
            }
        return attempt

    done = _run_class(Lab(course, lab), look, progress, True, Means(**means))
    return scores, done


def _run_class(lab, record, progress, force, means, retry=True):
    """Prepares, runs and records the submissions of a lab, as many at once as there are workers.

    Args:
        lab: A `Lab`.
        record: Function of an `Attempt` that has ended, and the lab, which returns the attempt. It
            is called in this process, one attempt at a time.
        progress: Function called with each `Outcome` and the number of submissions left.
        force: Whether to run those that are graded too.
        means: A `Means`.
        retry: Whether to run those that could not be graded.

    Returns:
        List of the `Outcome`s.
    """
    running, done = {}, []
    with explaining():
        job = means.make_job(lab)

    def finish(attempt):
        recorded = attempted(record, attempt, lab)
        if recorded is not attempt:  # it could not be recorded, which is to be recorded
            recorded = record(recorded, lab)
        done.append(recorded.outcome)
        progress(recorded.outcome, len(waiting) + len(running))

    with (
        alone(lab.course),
        explaining(),
        lab.steps.gradebook_kept_open(),
        means.workers(lab.course) as pool,
    ):
        lab.load()
        waiting, end = find_waiting(lab, force, retry), time.monotonic() + means.seconds
        if waiting and not means.bounds_cells(lab.course):
            job = reference.fit(job, lab, pool)
        while running or (waiting and time.monotonic() < end):
            while waiting and len(running) < means.jobs + AHEAD and time.monotonic() < end:
                attempt = attempted(prepare, waiting.pop(), lab)
                if attempt.notebooks:
                    running[pool.submit(execute_all, _fill(job, attempt, lab))] = attempt
                else:
                    finish(attempt)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                finish(attempted(_conclude, running.pop(future), future, lab))
        if waiting:
            raise GradingStopped(
                f"The time is up: {len(waiting)} submissions were not begun. What was graded is "
                "kept; run `course grade` again for the others."
            )
    return done


def _fill(job, attempt, lab):
    """The `Job`s of one submission, one for each notebook."""
    job = replace(job, files=attempt.files, seed=seed_of(lab.name, attempt.student))
    return [replace(job, notebook=notebook) for notebook in attempt.notebooks.values()]


def _conclude(attempt, future, lab):
    """The attempt as a worker has run it."""
    executed = dict(zip(attempt.notebooks, future.result()))
    outcome = replace(
        attempt.outcome,
        seconds=sum(run.seconds for run in executed.values()),
        notes=attempt.outcome.notes
        + [lab.say(name, note) for name, run in executed.items() for note in run.notes],
        cells={
            lab.name_cell(name, cell): found
            for name, run in executed.items()
            for cell, found in run.cells.items()
        },
    )
    notebooks = {name: run.notebook for name, run in executed.items()}
    return replace(attempt, outcome=outcome, notebooks=notebooks)
