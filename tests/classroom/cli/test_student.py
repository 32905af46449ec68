"""`course check` and the ways to call it."""

import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from typer.testing import CliRunner

from classroom import cli
from classroom.cli import student

ROOT_SCRIPT = "course"
COURSE = [sys.executable, "-c", "from classroom.cli import run; run()"]


@pytest.fixture(autouse=True)
def no_lasting_server(monkeypatch, tmp_path_factory):
    """Keeps tests away from the server of whoever runs them."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("r")))


@pytest.fixture
def check(lab, monkeypatch):
    """Function that calls `course check` and returns what it prints."""
    monkeypatch.setattr(cli.console, "width", 200)

    def run(*arguments, code=1):
        called = ["--course", str(lab.root), "check", *map(str, arguments)]
        result = CliRunner().invoke(cli.app, called)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result.output

    return run


def answer(path, code, *others):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = code
    notebook.cells[1:1] = [new_code_cell(other) for other in others]
    nbformat.write(notebook, path)


def test_a_lab_as_it_was_given_out(check, own, monkeypatch):
    monkeypatch.setenv("COURSE_WARM", "nowhere")  # no kernel is needed
    lines = check("tiny").splitlines()
    assert lines[0].startswith("tiny.ipynb as it was saved at ")
    assert [line.split() for line in lines[1:3]] == [
        ["✗", "double", "not", "solved", "yet"],
        ["–", "why", "not", "answered", "yet"],
    ]
    assert lines[3].startswith("0 of 1 visible tests pass.")


@pytest.mark.services
def test_what_is_right_odd_and_beside_the_tests(check, own, warm_kernels):
    answer(own, "def double(x):\n    return 2 * x", "%pip install numpy", "1 / 0")
    shown = " ".join(check(own, code=0).split())
    parts = (
        "The cell that begins with `%pip install numpy` installs packages",
        "– why",
        "✓ double",
        "The cell that begins with `1 / 0` raises ZeroDivisionError: division by zero",
        "1 of 1 visible tests pass.",
    )
    places = [shown.find(part) for part in parts]
    assert places == sorted(places)
    assert -1 not in places


@pytest.mark.parametrize(
    ("ago", "words"),
    [(0, "0 seconds ago"), (1, "1 second ago"), (130, "2 minutes ago"), (3 * 86400, "3 days ago")],
)
def test_the_time_at_which_it_was_saved_is_told(ago, words):
    told = student._describe_time(time.time() - ago)
    clock, said = told.split(", ")
    assert said == words
    day = time.strftime(" on %Y-%m-%d", time.localtime(time.time() - ago)) if ago > 43200 else ""
    assert clock.endswith(day)
    assert clock[:2] == time.strftime("%H", time.localtime(time.time() - ago))


@pytest.mark.parametrize("execution", ["validate", "autograde"])
def test_a_check_within_a_check_does_nothing(check, own, monkeypatch, execution):
    monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    assert "was called by a cell of the notebook that is being run" in check("tiny", code=0)


@pytest.mark.services
def test_a_notebook_that_checks_itself_is_run_once(own, lab, monkeypatch):
    """The line is not recognised, and the process that it starts knows that it is inside."""
    call = f"import subprocess\nprint(subprocess.run({[*COURSE, 'check', str(own)]!r}).returncode)"
    answer(own, f"{call}\ndef double(x):\n    return 2 * x")
    done = subprocess.run(
        [*COURSE, "--course", lab.root, "check", own], capture_output=True, text=True, timeout=60
    )
    assert "1 of 1 visible tests pass" in done.stdout


def test_nothing_named_and_nothing_to_end(check, lab):
    result = CliRunner().invoke(cli.app, ["check"])
    assert "Name your notebook" in str(result.exception)
    assert check("--stop", code=0) == "Nothing waits for a check.\n"


@pytest.mark.services
def test_an_interrupt_ends_it_at_once_without_a_traceback(own, lab):
    answer(own, "def double(x):\n    open('begun', 'w').close()\n    while True: pass")
    command = subprocess.Popen(
        [*COURSE, "--course", lab.root, "check", own],
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until = time.monotonic() + 60
    while not (own.parent / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    start = time.monotonic()
    command.send_signal(signal.SIGINT)
    rest = command.communicate(timeout=10)[0]
    assert time.monotonic() - start < 5  # the loop ends after twenty
    assert "Traceback" not in rest
    assert command.returncode != 0


@pytest.fixture
def folder(course, tmp_path):
    """A folder with the script `course`, and the programs that it calls, which say who they are."""
    home = tmp_path / "my course"
    for name in ("home/.venv/bin", "active"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "home").rename(home)
    (home / "course").write_bytes((course.root / ROOT_SCRIPT).read_bytes())
    (home / "course").chmod(0o755)
    for place in (home / ".venv" / "bin", tmp_path / "active"):
        program = place / "course"
        program.write_text(f'#!/bin/sh\necho {place.name} "$@"\n')
        program.chmod(0o755)
    return home


@pytest.mark.skipif(os.name != "posix", reason="Windows has course.cmd")
def test_the_script_finds_its_environment_active_or_not(folder, tmp_path):
    def call(path):
        return subprocess.run(
            ["../my course/course", "check", "a b"],
            cwd=tmp_path / "active",
            env={"PATH": f"{path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )

    assert call(folder).stdout == "bin check a b\n"
    (folder / ".venv" / "bin" / "course").unlink()
    assert call(tmp_path / "active").stdout == "active check a b\n"
    for none in ("/nowhere", folder):
        done = call(none)
        assert done.returncode == 1
        assert "The course is not set up in" in done.stderr


def test_the_command_is_written_the_same_everywhere(course):
    for lab in course.lab_names():
        assert f"`./course check {lab}`" in course.source(lab).read_text(encoding="utf-8")
    for page in ("README.md", "docs/students.md"):
        assert "./course check" in (course.root / page).read_text(encoding="utf-8")
