"""Releasing labs."""

import logging
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException

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
        ValueError: for an unknown lab, one with a cell that lacks a name or points, or one that
            nbgrader refuses; the release before stays.
    """
    read_points(course, lab)
    released = course.released(lab)
    with (
        FileLock(course.labs / "release.lock"),  # nbgrader makes the gradebook at first
        _kept(released.parent),
    ):
        try:
            GenerateAssignment(
                coursedir=course.directory(lab), config=course.config, force=True, log=log
            ).start()
        except NbGraderException as error:
            raise ValueError(
                f"nbgrader does not release {lab}; what it says above tells why. The release "
                "before was kept. A lab that has submissions keeps its cells: give one with other "
                "cells a name of its own."
            ) from error
    return released


@contextmanager
def _kept(folder):
    """Puts a folder back that is gone after a `with`."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place, "copy")
        if folder.exists():
            shutil.copytree(folder, copy)
        try:
            yield
        finally:
            if copy.exists() and not folder.exists():
                shutil.copytree(copy, folder)
