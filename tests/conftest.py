"""Fixtures that more than one folder of tests uses."""

from pathlib import Path

import pytest

import classroom.compat.nbformat  # noqa: F401  (imported first, it leaves out a grammar of seconds)
from classroom.course import Course

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    """Gives the tests of a file to one worker, but for those marked `apart`; long ones lead."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.get_closest_marker("apart"), item.path not in slow))
    for item in items:
        if not item.get_closest_marker("apart"):
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(ROOT).as_posix()))


@pytest.fixture(scope="session")
def course():
    """The course itself; tests change nothing in it."""
    return Course(ROOT)


@pytest.fixture
def scratch(course, tmp_path):
    """A copy of the labs, without submissions or gradebook, to work in."""
    return course.copy(tmp_path / "course")


@pytest.fixture(autouse=True)
def no_real_data(monkeypatch, tmp_path):
    """Keeps tests away from the real data and the cache of whoever runs them."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
