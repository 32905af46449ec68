"""Releasing labs."""

import logging

from filelock import FileLock
from nbgrader.converters import GenerateAssignment

import classroom.compat.gradebook  # noqa: F401
from classroom.catalogue.labs import read_points

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
        ValueError: for an unknown lab, or one with a cell that lacks a name or points.
    """
    read_points(course, lab)
    with FileLock(course.labs / "release.lock"):  # nbgrader makes the gradebook at first
        GenerateAssignment(
            coursedir=course.directory(lab), config=course.config, force=True, log=log
        ).start()
    return course.released(lab)
