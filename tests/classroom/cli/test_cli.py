import re
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest
from typer.testing import CliRunner

from classroom import cli
from classroom.labs.verify import hand_in
from tests.classroom.conftest import make_tiny_lab

RUNNER = CliRunner()
COURSE = [sys.executable, "-c", "from classroom.cli import run; run()"]


@pytest.fixture
def invoke(monkeypatch):
    """Function that runs a command of `course` and returns what it prints."""
    monkeypatch.setattr(cli.console, "width", 200)

    def run(*arguments, code=0):
        result = RUNNER.invoke(cli.app, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.output + repr(result.exception)
        return result.output

    return run


@pytest.mark.parametrize("command", ["--help", "labs list", "lectures list", "data list"])
def test_what_lists_is_quick_because_it_imports_little(command):
    code = (
        "import atexit, sys; from classroom.cli import run\n"
        "slow = {'tensorflow', 'keras', 'nbgrader', 'nbformat', 'matplotlib'}\n"
        "atexit.register(lambda: print('imported:', *slow & set(sys.modules)))\n"
        "run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split()], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].strip() == "imported:"


@pytest.mark.parametrize("command", [[], ["data"], ["labs"], ["lectures"], ["grade", "--help"]])
def test_every_command_explains_itself(command):
    assert "Usage" in RUNNER.invoke(cli.app, command).output


def test_what_users_can_mend_is_said_without_a_traceback(tmp_path):
    for command, message in (
        (["--course", tmp_path, "labs", "list"], "is in no course"),
        (["check", tmp_path / "missing.ipynb"], "does not exist"),
        (["data", "fetch", "shool"], "No real data are called 'shool'"),
    ):
        done = subprocess.run([*COURSE, *map(str, command)], capture_output=True, text=True)
        assert done.returncode == 1
        assert message in " ".join(done.stdout.split())
        assert "Traceback" not in done.stdout + done.stderr


def test_data_list_and_verify(invoke):
    assert "school" in invoke("data", "list")
    assert "school/school_b.mat is not here" in invoke("data", "verify")


def test_damaged_data_fail_the_verification(invoke, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    (tmp_path / "school").mkdir()
    (tmp_path / "school" / "school_b.mat").write_bytes(b"damaged")
    assert "is not the registered file" in invoke("data", "verify", "school", code=1)


def test_lists(invoke, course):
    assert "09_multitask_school" in invoke("--course", course.root, "lectures", "list")
    assert "multitask" in invoke("--course", course.root, "labs", "list")


@pytest.mark.parametrize("command", ["report", "feedback", "export", "grade"])
def test_an_unknown_lab_is_named_as_such(scratch, command):
    result = RUNNER.invoke(cli.app, ["--course", str(scratch.root), command, "tyni"])
    assert "No lab is called 'tyni'. There are: balancing" in str(result.exception)


@pytest.mark.services
def test_a_regrading_shows_what_moves_and_who_cannot_be_graded(invoke, tmp_path):
    """And no score that is none as a number."""
    tiny = make_tiny_lab(tmp_path / "course")
    notebook = nbformat.read(tiny.released("tiny"), as_version=4)
    for student, factor in (("ada", 2), ("bob", 2), ("cy", 2)):
        notebook.cells[0].source = f"def double(x):\n    return {factor} * x"
        notebook.cells[3].source = student
        hand_in(tiny, "tiny", student, notebook)
    at, folder = ("--course", tiny.root), tiny.labs / "submitted"
    invoke(*at, "grade", "tiny", "--unsealed")
    (folder / "ada" / "tiny" / "tiny.ipynb").write_text("{ broken")
    shutil.rmtree(folder / "cy")
    checks = tiny.checks("tiny")
    checks.write_text(checks.read_text().replace("2 * given", "3 * given"))
    shown = invoke(*at, "regrade", "tiny", "--diff", "--unsealed")
    assert re.search(r"bob +│ double-check +│ 2 +│ 0 ", shown)
    assert re.search(r"cy +│ double-check +│ 2 +│ – ", shown)
    assert re.search(r"ada cannot be graded: 'tiny\.ipynb' is cut off", shown)
    assert "nan" not in shown


@pytest.mark.services
@pytest.mark.slow
def test_a_class_from_release_to_report(invoke, scratch, tmp_path):
    """The way of an instructor, with a class that the demo did not make."""
    at = ("--course", scratch.root)
    assert "Released" in invoke(*at, "labs", "release", "multitask")
    released = nbformat.read(scratch.labs / "release/multitask/multitask.ipynb", as_version=4)
    solved = nbformat.read(scratch.source("multitask"), as_version=4)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("lovelaceada_101_1_multitask.ipynb", nbformat.writes(released))
        archive.writestr("hoppergrace_LATE_102_2_multitask-1.ipynb", nbformat.writes(solved))
        archive.writestr("turingalan_103_3_multitask.ipynb", "{ broken")
    assert "3 students handed in multitask" in invoke(
        *at, "collect", tmp_path / "export.zip", "--lab", "multitask"
    )
    shown = invoke(*at, "grade", "multitask", "--jobs", 2, code=1)
    assert "3 submissions were run now. Of all, 1 could not be graded" in shown
    assert "no notebook" in shown
    assert "1 submissions were run now." in invoke(*at, "grade", "multitask", code=1)
    assert "multitask.html" in invoke(*at, "report", "multitask")
    table = (scratch.labs / "reports" / "multitask.csv").read_text()
    assert "101,lovelaceada,0,0,0,0,0,0,0," in table
    assert "102,hoppergrace,5,4,5,3,3,," in table
    assert "103,turingalan,,,,,,,,," in table
    assert "3 files" in invoke(*at, "feedback", "multitask")
    assert "moodle" in invoke(*at, "export", "multitask", "--format", "moodle")
    checks = scratch.labs / "checks" / "multitask.py"
    checks.write_text(checks.read_text().replace("The result is one whole number", "A number"))
    assert "No score moves." in invoke(*at, "regrade", "multitask", "--diff")
    checks.write_text(checks.read_text().replace("reach = 1.96", "reach = 1.5"))
    moved = invoke(*at, "regrade", "multitask", "--diff")
    assert "bland_altman-check" in moved
    assert "bland_altman-tests" not in moved


def test_export_into_a_platforms_file_names_who_is_missing(invoke, lab, tmp_path):
    with lab.gradebook("tiny") as gradebook:
        for student in ("ada", "bob"):
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission("tiny", student)
            for cell, score in {"double-tests": 1, "double-check": 2, "why": 1}.items():
                gradebook.find_grade(cell, "tiny", "tiny", student).auto_score = score
        gradebook.db.commit()
    (tmp_path / "x.csv").write_text("Username,tiny\nada,\nzoe,\n")
    shown = invoke("--course", lab.root, "export", "tiny", "--into", tmp_path / "x.csv")
    assert (tmp_path / "x-tiny-graded.csv").read_text() == "Username,tiny\nada,4\nzoe,\n"
    assert "handed nothing in (1)\n  line 3: zoe\n" in shown
    assert "not in the file (1)\n  bob\n" in shown


def test_what_arrives_is_not_graded_again_by_force(tmp_path, course):
    options = ["--watch", str(tmp_path), "--force"]
    done = RUNNER.invoke(cli.app, ["--course", str(course.root), "grade", "multitask", *options])
    assert "for all again, `course regrade`" in str(done.exception)
