"""The runner tells mutants that are killed from those that survive, and both from slips."""

import json
import os
import subprocess
import sys

import pytest

from tests.mutants import runner, tables

LIBRARY = "def add(a, b):\n    return a + b\n\n\ndef twice(a):\n    return add(a, a)\n"
TESTS = """
import time
import pytest
from course_lib.sums import add, twice

def test_add():
    assert add(2, 2) == 4

@pytest.mark.parametrize("a", [0, 3])
def test_twice(a):
    assert twice(a) == 2 * a

def test_wrong():
    assert add(1, 1) == 3

def test_skipped():
    pytest.skip("it rains")

def test_waits():
    time.sleep(60)
"""
TRAPS = {  # trap: (mutant of `a + b`, test, verdict)
    "is found out": ("a - b", "test_add", "killed"),
    "is found out by one parameter": ("a - b", "test_twice[3]", "killed"),
    "is found out by one of all parameters": ("a - b", "test_twice", "killed"),
    "is not found out by the other": ("a - b", "test_twice[0]", "survives"),
    "survives": ("a * b", "test_add", "survives"),
    "is a slip": ("a + c", "test_add", "call: NameError"),
    "has a test that fails anyway": ("a - b", "test_wrong", "without it: failed"),
    "has a test that is skipped": ("a - b", "test_skipped", "without it: is skipped here"),
    "has no test": ("a - b", "test_sub", "there is no test_sub"),
    "has no such parameter": ("a - b", "test_twice[4]", "without it: is not found"),
}


@pytest.fixture
def project(tmp_path):
    """A project of one module and its tests."""
    for folder in ("course_lib", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "course_lib" / "__init__.py").touch()
    (tmp_path / "course_lib" / "sums.py").write_text(LIBRARY)
    (tmp_path / "tests" / "test_sums.py").write_text(TESTS)
    options = '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\npythonpath = ["."]\n'
    (tmp_path / "pyproject.toml").write_text(options)
    return tmp_path


def mutant(trap, original="a + b"):
    changed, test, _ = TRAPS[trap]
    where = f"tests/test_sums.py::{test}"
    return tables.Mutant("sums", trap, "course_lib/sums.py", original, changed, where)


def test_every_verdict_by_forks(project):
    """In a process without TensorFlow, which it forks."""
    mutants = [mutant(trap) for trap in TRAPS]
    mutants.append(tables.Mutant("sums", "breaks", *BREAKS))
    mutants.append(tables.Mutant("sums", "is not in the file", *ABSENT))
    program = (
        "import json, sys\n"
        "from tests.mutants import runner, tables\n"
        "root, mutants = tables.Path(sys.argv[1]), json.loads(sys.argv[2])\n"
        "mutants = [tables.Mutant(*mutant) for mutant in mutants]\n"
        "found = runner.judge(mutants, root, preloaded=())\n"
        "print(json.dumps({mutant.trap: verdict for mutant, verdict in found.items()}))\n"
    )
    entries = json.dumps([list(vars(entry).values()) for entry in mutants])
    done = subprocess.run(
        [sys.executable, "-c", program, project, entries],
        cwd=tables.ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    expected = {trap: verdict for trap, (_, _, verdict) in TRAPS.items()}
    expected["breaks"] = "ModuleNotFoundError: No module named 'maths'"
    expected["is not in the file"] = "the original occurs 0 times"
    assert found.keys() == expected.keys()
    for trap, verdict in expected.items():
        assert verdict in found[trap], trap
    assert (project / "course_lib" / "sums.py").read_text() == LIBRARY


FILE, TEST = "course_lib/sums.py", "tests/test_sums.py::test_add"
BREAKS = (FILE, "def add(a, b):", "import maths\n\n\ndef add(a, b):", TEST)
ABSENT = (FILE, "a / b", "a - b", TEST)


def test_where_nothing_can_be_forked(project, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    mutants = [mutant("is found out"), mutant("survives")]
    found = runner.judge(mutants, project, fork=False)
    assert list(found.values()) == ["killed", "survives"]


def test_what_takes_too_long_is_ended(project, tmp_path_factory):
    workshop = runner.Workshop(project, tmp_path_factory.mktemp("scratch"), 1, 0.5, fork=False)
    test = "tests/test_sums.py::test_waits"
    assert workshop.run([(None, [test])]) == [{test: "takes too long"}]
