"""Grading a class: submissions run in parallel, sealed off; one writer owns the gradebook.

This is nbgrader's own autograding, cut in two where the notebook runs. Files, gradebook and labs
stay nbgrader's.
"""

import errno
import hashlib
import logging
import math
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import contextmanager
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path

import filelock
import nbformat
import numpy as np
import pooch
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, Execute
from nbgrader.utils import is_grade, rmtree
from sqlalchemy.exc import OperationalError

from classroom import sandbox
from classroom.checks.hidden import load, seed_of
from classroom.cleaning import clean_line
from classroom.compat.gradebook import Gradebook
from classroom.grading import workers as clusters
from classroom.grading.run_notebook import Bounds, Job, execute, find_checks, read_score
from classroom.results import outcomes
from classroom.results.gradebook import find_lab
from classroom.sandbox import Limits
from classroom.submissions import repair
from classroom.submissions.hints import find_hints, in_words, read_lectures

log = logging.getLogger(__name__)

# Bytes of the files that a student may hand in beside the notebook.
LARGEST_FILES = 50_000_000
# Submissions that are prepared and wait for a worker.
AHEAD = 32
# Workers execute, and the cells that nbgrader knows, with their metadata, are the release's.
LEFT_OUT = (Execute, CheckCellMetadata)


class Autograder(Autograde):
    """nbgrader's autograding of one submission, in two halves.

    `sanitize` comes before its notebook runs, `save` after.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        student: Identifier of the student.
    """

    def __init__(self, course, lab, student):
        super().__init__(coursedir=course.directory(lab, student), config=course.config, log=log)
        self.course, self.lab, self.student = course, lab, student
        self.folder = Path(self._format_dest(lab, student))
        self.submitted = Path(self._format_source(lab, student))
        self.sanitized, self.time = False, None

    def sanitize(self, released):
        """Mends the notebook and restores the lab's own cells.

        Args:
            released: The lab's notebook as students got it.

        Returns:
            The sanitized notebook as JSON, the files beside it as a dictionary from names to
            contents, notes on what was mended, and the checksum of what was read.

        Raises:
            SubmissionError: if what was handed in cannot be read.
        """
        with tempfile.TemporaryDirectory() as folder:
            checksum = repair.snapshot(self.submitted, Path(folder))
            handed_in = repair.read(folder, self.lab, released)
            notes, files = list(handed_in.notes), _read_files(Path(folder))
            self._read_time(Path(folder), notes)
        files |= _read_files(self.course.source(self.lab).parent)
        notebook = self._apply(self.sanitize_preprocessors, handed_in.notebook)
        self.sanitized = True
        return nbformat.writes(notebook), files, notes, checksum

    def _read_time(self, folder, notes):
        try:
            self.time = repair.read_time(folder / "timestamp.txt")
        except ValueError:
            notes.append("timestamp.txt holds no time; when it was handed in is not known.")

    def register(self):
        """Tells the gradebook that there is a submission, and when it was handed in."""
        when = {"timestamp": self.time} if self.time else {}
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            gradebook.update_or_create_student(self.student)
            gradebook.update_or_create_submission(self.lab, self.student, **when)

    def save(self, notebook, files):
        """Writes the scores to the gradebook, and the executed notebook to `autograded/`.

        Args:
            notebook: The executed notebook, as JSON.
            files: The files beside it, as a dictionary from names to contents.
        """
        notebook = nbformat.reads(notebook, as_version=4)
        notebook = self._apply(self.autograde_preprocessors, notebook)
        self.discard()
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, self.folder / f"{self.lab}.ipynb")
        self.set_permissions(self.lab, self.student)

    def discard(self):
        """Removes what `autograded/` holds of the submission."""
        if self.folder.exists():
            rmtree(str(self.folder))

    def _apply(self, steps, notebook):
        resources = {
            "unique_key": self.lab,
            "metadata": {"path": str(self.folder)},
            "nbgrader": {
                "student": self.student,
                "assignment": self.lab,
                "notebook": self.lab,
                "db_url": self.coursedir.db_url,
            },
        }
        for step in steps:
            if step not in LEFT_OUT:
                notebook, resources = step(parent=self)(notebook, resources)
        return notebook


def grade(course, lab, progress=lambda outcome, left: None, *, force=False, **options):
    """Grades all submissions of a lab that are not graded yet.

    A submission is graded again when it, the lab, its checks or the course's version have changed
    since. One submission's trouble is that submission's alone: its `Outcome` names it, and all
    others are graded. An interrupted grading goes on where it was.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        progress: Function called with each `Outcome` and the number of submissions left.
        force: Whether to grade all of them again.
        **options: As for `run_class`.

    Returns:
        List of the `Outcome`s of this run.

    Raises:
        ValueError: for an unknown lab, or one that the gradebook does not know.
        SandboxError: if submissions are to be sealed off, and this machine lacks what it takes.
        CourseIsBusy: if another grader works on the course.
    """
    done = []

    def save(grader, files, executed, outcome, left):
        if grader.sanitized:
            grader.register()
        if executed is not None:
            grader.save(executed.notebook, files)
        else:
            grader.discard()
        outcomes.write(course, lab, outcome)
        done.append(outcome)
        progress(outcome, left)

    run_class(course, lab, save, force=force, **options)
    return done


def preview(course, lab, progress=lambda outcome, left: None, **options):
    """Runs all submissions again and returns their scores, without saving anything.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        progress: Function called with each `Outcome` and the number of submissions left.
        **options: As for `run_class`.

    Returns:
        Dictionary from each student to a dictionary from each cell's name to its score, NaN where
        a person has to grade; and a list of the `Outcome`s.
    """
    scores, done = {}, []

    def look(grader, files, executed, outcome, left):
        if executed is not None:
            cells = nbformat.reads(executed.notebook, as_version=4).cells
            grades = {
                cell.metadata.nbgrader.grade_id: read_score(cell)[0]
                for cell in cells
                if is_grade(cell)
            }
            scores[grader.student] = {
                name: np.nan if score is None else score for name, score in grades.items()
            }
        done.append(outcome)
        progress(outcome, left)

    run_class(course, lab, look, force=True, **options)
    return scores, done


def run_class(
    course,
    lab,
    finish,
    *,
    force=False,
    jobs=1,
    cluster=None,
    gpus=0,
    sealed=True,
    seconds=math.inf,
    bounds=None,
    limits=None,
):
    """Runs the submissions of a lab that are not graded yet.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        finish: Function called, in this process and one at a time, with the `Autograder`, the
            submission's files, the `Executed` (None if it could not be run), its `Outcome`, and the
            number of submissions left.
        force: Whether to run those that are graded too.
        jobs: Number of submissions that run at the same time.
        cluster: Where: None for this machine, `"slurm"`, or the address of a Dask scheduler.
        gpus: Part of a GPU that each submission needs, from 0 to 1.
        sealed: Whether submissions are sealed off.
        seconds: Time of the whole class: after it no submission is begun.
        bounds: What each submission may use up, a `Bounds`; if None, what nbgrader's configuration
            says (`c.Bounds.cell = 300`), and the defaults beyond that.
        limits: What its processes may use up, a `Limits`; if None, what the configuration says
            (`c.Limits.processes = 64`), and the defaults beyond that. On this machine all that run
            at the same time share four fifths of its memory.

    Raises:
        ValueError: for an unknown lab, one that the gradebook does not know, or one whose hidden
            checks are missing or not called as they should be.
        SandboxError: if submissions are to be sealed off, and this machine lacks what it takes, or
            shows them the course.
        CourseIsBusy: if another grader works on the course.
        GradingStopped: if the disk is full, the gradebook out of reach, or the time is up.
    """
    _refuse(course, lab, sealed)
    at_once = len(clusters.local_gpus(jobs, gpus)) if cluster is None else 1
    template = Job(
        notebook="",
        checks=_read_checks(course, lab),
        sealed=sealed,
        bounds=bounds or Bounds(**_configured(course, Bounds)),
        limits=limits or Limits.of_one(at_once, **_configured(course, Limits)),
        gpus=gpus,
    )
    slurm = {"log_directory": str(course.build / "slurm"), **course.config.SLURMCluster}
    with _alone(course), _explaining(), clusters.workers(jobs, cluster, gpus, slurm) as pool:
        waiting = _find_waiting(course, lab, force)
        run = _ClassRun(course, lab, template, pool, finish, waiting)
        run.until(time.monotonic() + seconds, jobs + AHEAD)


def _refuse(course, lab, sealed):
    """Raises what keeps a whole class from being graded."""
    if sealed and sandbox.missing():
        raise sandbox.SandboxError(
            f"Students' code cannot be sealed off here, for want of: "
            f"{'; '.join(sandbox.missing())}. See `course doctor`. With --unsealed it runs with "
            "all that you may do yourself."
        )
    if sealed and (place := sandbox.shown_above(course.labs)):
        raise sandbox.SandboxError(
            f"{course.labs} lies below {place}, which students' code may read: it would see "
            "solutions and other submissions. Move the course, to /srv for instance."
        )
    course.source(lab)
    with course.gradebook(lab) as gradebook:
        find_lab(gradebook, lab)


def _read_checks(course, lab):
    """Reads the source of a lab's checks, if they are those that its cells call."""
    path = course.labs / "checks" / f"{lab}.py"
    source = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        known = load(source)
    except Exception as error:  # whatever a mistake of its author's raises
        raise ValueError(f"{path} cannot be loaded: {error!r}. Mend it and grade again.") from error
    for cell in nbformat.read(course.source(lab), as_version=4).cells:
        for task, _ in find_checks(cell):
            if task not in known:
                raise ValueError(
                    f"The cell {cell.metadata.nbgrader.grade_id!r} of {lab} calls the check of "
                    f"{task!r}, which {path} lacks. There are: {', '.join(known) or 'none'}."
                )
    return source


class _ClassRun:
    """A run of a class: some submissions wait, some run, and each is finished once.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        template: A `Job` without a submission.
        pool: The workers' executor.
        finish: As for `run_class`.
        waiting: The `Outcome`s of the submissions to run, the first last.
    """

    def __init__(self, course, lab, template, pool, finish, waiting):
        self.course, self.lab, self.template, self.pool = course, lab, template, pool
        self.finish, self.waiting, self.running = finish, waiting, {}
        self.released = nbformat.read(course.released(lab), as_version=4)
        self.lectures = read_lectures(course)

    def until(self, end, most):
        """Runs all that wait, as long as there is time.

        Args:
            end: Time, by the monotonic clock, after which none is begun.
            most: How many may be on their way at the same time.

        Raises:
            GradingStopped: if some were not begun.
        """
        while self.running or (self.waiting and time.monotonic() < end):
            while self.waiting and len(self.running) < most and time.monotonic() < end:
                self._begin(self.waiting.pop())
            for future in wait(self.running, return_when=FIRST_COMPLETED).done:
                self._end(future)
        if self.waiting:
            raise GradingStopped(
                f"The time is up: {len(self.waiting)} submissions were not begun. What was graded "
                "is kept; run `course grade` again for the others."
            )

    def _begin(self, outcome):
        """Prepares a submission and hands it to the workers."""
        grader = Autograder(self.course, self.lab, outcome.student)
        try:
            notebook, files, notes, checksum = grader.sanitize(self.released)
            hints = in_words(find_hints(nbformat.reads(notebook, as_version=4), self.lectures))
        except Exception as error:
            if _is_everyones(error):
                raise
            log.exception("%s could not be prepared", grader.student)
            return self._finish(grader, {}, None, replace(outcome, fault=_describe(error)))
        job = replace(
            self.template,
            notebook=notebook,
            files=files,
            seed=seed_of(self.lab, grader.student),
        )
        outcome = replace(outcome, notes=notes, hints=hints, submission=checksum)
        self.running[self.pool.submit(execute, job)] = grader, files, outcome

    def _end(self, future):
        """Takes over what the workers have done with a submission."""
        grader, files, outcome = self.running.pop(future)
        try:
            executed = future.result()
        except Exception as error:
            log.exception("%s could not be run", grader.student)
            return self._finish(grader, files, None, replace(outcome, fault=_describe(error)))
        outcome = replace(
            outcome,
            seconds=executed.seconds,
            notes=outcome.notes + executed.notes,
            cells=executed.cells,
        )
        self._finish(grader, files, executed, outcome)

    def _finish(self, grader, files, executed, outcome):
        left = len(self.waiting) + len(self.running)
        try:
            self.finish(grader, files, executed, outcome, left)
        except Exception as error:
            if executed is None or _is_everyones(error):
                raise
            log.exception("%s could not be saved", grader.student)
            self.finish(grader, files, None, replace(outcome, fault=_describe(error)), left)


class CourseIsBusy(ValueError):
    """Another grader works on the course."""


class GradingStopped(ValueError):
    """Grading could not go on: a full disk, a gradebook out of reach, the time of the class."""


def _configured(course, kind):
    """What nbgrader's configuration says about `Bounds` or `Limits`, as a dictionary."""
    wanted, known = course.config[kind.__name__], {field.name for field in fields(kind)}
    if unknown := sorted(wanted.keys() - known):
        raise ValueError(
            f"{course.labs / 'nbgrader_config.py'} sets {kind.__name__}.{unknown[0]}, which there "
            f"is not. There are: {', '.join(sorted(known))}."
        )
    return wanted


@contextmanager
def _explaining():
    try:
        yield
    except Exception as error:
        if not _is_everyones(error):
            raise
        raise GradingStopped(
            f"Grading stopped: {error}\nIs the disk full, or the gradebook out of reach? What was "
            "graded is kept. Mend it and run `course grade` again."
        ) from error


@contextmanager
def _alone(course):
    """Keeps a second grader from the course; the lock ends with its process, however that ends."""
    lock = filelock.FileLock(course.labs / ".grading.lock")
    try:
        with lock.acquire(timeout=0):
            yield
    except filelock.Timeout:
        raise CourseIsBusy(
            f"Another grader works on {course.root}. Wait until it is done; what it grades need "
            "not be graded again."
        ) from None


def _find_waiting(course, lab, force):
    """Outcomes yet to come, the first last: of the submissions that are new or changed."""
    lab_version = _checksum(
        [course.source(lab), course.labs / "checks" / f"{lab}.py"], version("course-lib")
    )
    waiting = []
    for folder in sorted(course.labs.glob(f"submitted/*/{lab}"), reverse=True):
        student = folder.parent.name
        outcome = outcomes.Outcome(student, "", 0.0, repair.checksum(folder), lab_version)
        last = outcomes.read(course, lab, student)
        if (
            force
            or last is None
            or last.fault
            or (last.submission, last.lab) != (outcome.submission, outcome.lab)
        ):
            waiting.append(outcome)
    return waiting


def _checksum(paths, text=""):
    hashes = "".join(pooch.file_hash(path) for path in paths if path.exists())
    return hashlib.sha256((hashes + text).encode()).hexdigest()


def _read_files(folder):
    """Contents of the files in a folder, but for notebooks and what nbgrader ignores."""
    paths = [
        path
        for path in repair.list_files(folder)
        if path.suffix != ".ipynb" and path.name != "timestamp.txt"
    ]
    size = sum(path.stat().st_size for path in paths)
    if size > LARGEST_FILES:
        raise repair.SubmissionError(
            f"The files beside the notebook have {size:,} bytes, allowed are {LARGEST_FILES:,}."
        )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _is_everyones(error):
    """Whether an error is nothing of the submission's: a full disk, a gradebook out of reach."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or isinstance(error, OperationalError)


def _describe(error):
    words = str(error) if isinstance(error, repair.SubmissionError) else repr(error)
    return clean_line(words, 500)
