"""Releasing labs."""

import logging

from filelock import FileLock
from nbgrader.converters import GenerateAssignment

import classroom.compat.gradebook  # noqa: F401

log = logging.getLogger(__name__)


def release(course, lab):
    """Makes a lab's release, without solutions and hidden checks.

    The gradebook learns the lab's cells.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        Path of the released notebook, the first if there are several.

    Raises:
        ValueError: for an unknown lab.
    """
    course.source(lab)
    with FileLock(course.labs / "release.lock"):  # nbgrader makes the gradebook at first
        GenerateAssignment(
            coursedir=course.directory(lab), config=course.config, force=True, log=log
        ).start()
    return course.released(lab)
