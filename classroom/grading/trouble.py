"""Whose trouble is whose: a submission's is its own, some is everyone's and stops the class."""

import errno
import logging
from contextlib import contextmanager

import filelock
from sqlalchemy.exc import DatabaseError, OperationalError

log = logging.getLogger(__name__)

# What a disk says that is full, or can no longer be written to.
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class CourseIsBusy(ValueError):
    """Another grader works on the course."""


class GradingStopped(ValueError):
    """Grading could not go on: a full disk, a gradebook out of reach, the time of the class."""


def attempted(step, attempt, *args):
    """Takes a step with a submission, whose trouble is its own.

    Args:
        step: Function of an `Attempt`, and of what else it needs, that returns an `Attempt`.
        attempt: The `Attempt`.
        *args: What else the step needs.

    Returns:
        What the step returns; the attempt with its fault if the step fails.

    Raises:
        Exception: what is everyone's trouble, a full disk or a gradebook out of reach.
    """
    try:
        return step(attempt, *args)
    except Exception as error:
        if is_everyones(error):
            raise
        log.exception("%s could not be graded", attempt.student)
        return attempt.failed(error)


def is_everyones(error):
    """Whether an error is nothing of the submission's: of the disk, or a gradebook out of reach.

    Args:
        error: The error, or None. Those that it came from count: nbgrader makes errors of its own
            of some that it meets.

    Returns:
        A bool.
    """
    if error is None:
        return False
    disk = isinstance(error, OSError) and error.errno in DISK
    # A damaged file is a `DatabaseError` and nothing more; its other kinds are about rows.
    gradebook = isinstance(error, OperationalError) or type(error) is DatabaseError
    return disk or gradebook or is_everyones(error.__context__)


@contextmanager
def explaining():
    """Says in a `with` what everyone's trouble means, and what to do."""
    try:
        yield
    except Exception as error:
        if not is_everyones(error):
            raise
        raise GradingStopped(
            f"Grading stopped: {error}\nIs the disk full, or the gradebook out of reach? What was "
            "graded is kept. Mend it and run `course grade` again."
        ) from error


@contextmanager
def alone(course):
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
