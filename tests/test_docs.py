"""Examples in docstrings run, and public functions say what they take and give."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import classroom
import course_lib

MODULES = [
    module.name
    for package in (classroom, course_lib)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
TEACHING = [
    name for name in MODULES if name.startswith("course_lib") and not name.endswith("quiet")
]


@pytest.mark.parametrize("name", TEACHING)
def test_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_document_their_arguments(name):
    if name.startswith("classroom.cli"):
        return  # what `--help` shows
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
