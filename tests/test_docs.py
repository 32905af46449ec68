"""Examples in docstrings run, and public functions say what they take and give."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import course_lib

MODULES = [
    module.name
    for module in pkgutil.walk_packages(course_lib.__path__, "course_lib.")
    if not module.ispkg or module.name.count(".") == 1
]
TEACHING = [
    name for name in MODULES if "classroom" not in name and not name.endswith(("cli", "quiet"))
]


@pytest.mark.parametrize("name", TEACHING)
def test_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_document_their_arguments(name):
    if name.endswith("cli"):
        return
    module = importlib.import_module(name)
    assert module.__doc__
    for thing in vars(module).values():
        if not inspect.isfunction(thing) or thing.__module__ != name or thing.__name__[0] == "_":
            continue
        about = inspect.getdoc(thing) or ""
        assert about, thing.__name__
        described = about.partition("Args:")[2]
        if described:
            for argument in inspect.signature(thing).parameters:
                assert f"{argument}:" in described, f"{thing.__name__}: {argument}"


@pytest.mark.parametrize("name", TEACHING)
def test_the_teaching_floor_does_not_import_the_classroom(name):
    source = inspect.getsource(importlib.import_module(name))
    assert "course_lib.classroom" not in source
