"""Grading a class: submissions run in parallel processes, one writer owns the gradebook.

This is nbgrader's own autograding, cut in two where the notebook runs. Files, gradebook and labs
stay nbgrader's.
"""

import hashlib
import logging
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import nbformat
import pooch
from nbconvert.exporters import NotebookExporter
from nbconvert.writers import FilesWriter
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import Execute
from nbgrader.utils import rmtree

from course_lib.classroom import outcomes
from course_lib.classroom.gradebook import find_lab
from course_lib.classroom.kernels import SocketKernelManager

log = logging.getLogger(__name__)


class Autograder(Autograde):
    """nbgrader's autograding of one submission, in two halves.

    `sanitize` comes before its notebooks run, `save` after.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        student: Identifier of the student.

    Raises:
        NbGraderException: if the submission holds no notebook.
    """

    def __init__(self, course, lab, student):
        super().__init__(coursedir=course.directory(lab, student), config=course.config, log=log)
        self.autograde_preprocessors = [
            step for step in self.autograde_preprocessors if not issubclass(step, Execute)
        ]
        self.writer = FilesWriter(parent=self, config=self.config)
        self.exporter = NotebookExporter(parent=self, config=self.config)
        self.lab, self.student = lab, student
        self.folder = Path(self._format_dest(lab, student))
        self.init_notebooks()
        (self.notebooks,) = self.assignments.values()

    def sanitize(self):
        """Restores the lab's own cells and writes the notebooks to `autograded/`.

        Returns:
            Paths of the notebooks, ready to run.
        """
        self.discard()
        self.init_assignment(self.lab, self.student)
        for notebook in self.notebooks:
            self._convert(notebook, sanitizing=True)
        return [self.folder / Path(notebook).name for notebook in self.notebooks]

    def save(self, executed):
        """Writes executed notebooks to `autograded/` and their scores to the gradebook.

        Args:
            executed: Dictionary from the paths that `sanitize` returned to the executed notebooks,
                as JSON.
        """
        for path, notebook in executed.items():
            path.write_text(notebook, encoding="utf-8")
            self._convert(str(path), sanitizing=False)
        self.set_permissions(self.lab, self.student)

    def discard(self):
        """Removes what `autograded/` holds of the submission."""
        if self.folder.exists():
            rmtree(str(self.folder))

    def _convert(self, notebook, sanitizing):
        self._sanitizing = sanitizing
        self._init_preprocessors()
        BaseConverter.convert_single_notebook(self, notebook)


def execute(course, paths):
    """Runs notebooks, each in a kernel of its own and in the folder where it lies.

    Args:
        course: The `Course` whose configuration holds.
        paths: Paths of the notebooks.

    Returns:
        Dictionary from each path to the executed notebook, as JSON, and the seconds that all took.
    """
    start = time.perf_counter()
    executed = {}
    for path in paths:
        run = Execute(config=course.config, kernel_manager_class=SocketKernelManager)
        notebook, _ = run.preprocess(
            nbformat.read(path, as_version=4), {"metadata": {"path": str(path.parent)}}
        )
        executed[path] = nbformat.writes(notebook)
    return executed, time.perf_counter() - start


def grade(course, lab, jobs=1, force=False, progress=lambda outcome, left: None):
    """Grades all submissions of a lab that are not graded yet.

    A submission is graded again when it, the lab or its checks have changed since. One submission's
    trouble is that submission's alone: its `Outcome` names it, and all others are graded.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        jobs: Number of submissions that run at the same time, each in processes of its own.
        force: Whether to grade all of them again.
        progress: Function called with each `Outcome` and the number of submissions left.

    Returns:
        List of the `Outcome`s of this run.

    Raises:
        ValueError: for an unknown lab, or one that the gradebook does not know.
    """
    version = _checksum([course.source(lab), course.labs / "checks" / f"{lab}.py"])
    with course.gradebook(lab) as gradebook:
        find_lab(gradebook, lab)

    todo = {}
    for folder in sorted(course.labs.glob(f"submitted/*/{lab}")):
        student, submission = folder.parent.name, _checksum(sorted(folder.rglob("*.*")))
        last = outcomes.read(course, lab, student)
        if (
            force
            or last is None
            or last.fault
            or (last.submission, last.lab) != (submission, version)
        ):
            todo[student] = submission

    done = []

    def finish(student, fault="", seconds=0.0):
        outcome = outcomes.Outcome(student, fault, seconds, todo[student], version)
        outcomes.write(course, lab, outcome)
        done.append(outcome)
        progress(outcome, len(todo) - len(done))

    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_prepare_worker
    ) as pool:
        running = {}
        for student in todo:
            try:
                grader = Autograder(course, lab, student)
                running[pool.submit(execute, course, grader.sanitize())] = grader
            except Exception as error:
                log.exception("%s could not be prepared", student)
                finish(student, fault=_describe(error))
        for future in as_completed(list(running)):
            grader = running.pop(future)
            try:
                executed, seconds = future.result()
                grader.save(executed)
                finish(grader.student, seconds=seconds)
            except Exception as error:
                log.exception("%s could not be graded", grader.student)
                grader.discard()
                finish(grader.student, fault=_describe(error))
    return done


def _checksum(paths):
    return hashlib.sha256("".join(pooch.file_hash(path) for path in paths).encode()).hexdigest()


def _describe(error):
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _prepare_worker():
    """Tells notebooks that they are being graded, and gives each of them one core."""
    os.environ.update(
        NBGRADER_EXECUTION="autograde",
        TF_NUM_INTRAOP_THREADS="1",
        TF_NUM_INTEROP_THREADS="1",
        OMP_NUM_THREADS="1",
    )
