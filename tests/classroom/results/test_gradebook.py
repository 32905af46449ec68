"""The gradebook in use by more than one process, and in PostgreSQL."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from sqlalchemy import text

from classroom.course import Course
from classroom.grading.grade_class import grade
from classroom.labs.release import release
from classroom.results.gradebook import read_scores

pytestmark = pytest.mark.services

ANSWERS = {
    "right": "def double(x):\n    return 2 * x",
    "half": "def double(x):\n    return 2 * x if isinstance(x, int) else None",
    "wrong": "def double(x):\n    return 3 * x",
}
HOLDER = """
import sqlite3, sys, time

database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
database.execute("INSERT INTO student (id) VALUES ('theirs')")
print("holding", flush=True)
time.sleep(6)
database.execute("COMMIT")
"""


def test_readers_go_on_and_writers_wait_while_another_process_writes(lab):
    """Six seconds are more than SQLite waits by itself."""
    with lab.gradebook("tiny") as gradebook:
        assert gradebook.db.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    start = time.monotonic()
    path = lab.labs / "gradebook.db"
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"holding\n"
        assert read_scores(lab, "tiny").students == {}
        assert time.monotonic() - start < 5
        with lab.gradebook("tiny") as gradebook:
            gradebook.add_student("ours")
            assert time.monotonic() - start > 6
            assert {student.id for student in gradebook.students} == {"ours", "theirs"}


def test_a_task_that_a_person_graded_counts(lab):
    """nbgrader keeps cells of tasks in a table of their own."""
    notebook = nbformat.read(lab.source("tiny"), as_version=4)
    about = {"grade": False, "solution": False, "locked": True, "task": True, "points": 2}
    about |= {"grade_id": "essay", "schema_version": 3}
    task = new_markdown_cell("Describe it.", id="essay", metadata={"nbgrader": about})
    notebook.cells.insert(0, task)
    nbformat.write(notebook, lab.source("tiny"))
    release(lab, "tiny")
    with lab.gradebook("tiny") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("tiny", "ada")
        gradebook.find_grade("essay", "tiny", "tiny", "ada").manual_score = 1.5
        gradebook.db.commit()
    found = read_scores(lab, "tiny")
    assert found.cells == ["essay", "double-tests", "double-check", "why"]
    assert found.points.tolist() == [2, 1, 2, 1]
    assert found.totals.tolist() == [1.5]


def find_program(name):
    """Path of one of PostgreSQL's programs, which Debian keeps off the path; None if missing."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


@pytest.fixture
def postgresql():
    """Address of a PostgreSQL server of its own, on a Unix socket only."""
    pytest.importorskip("psycopg", reason="psycopg, of the extra `cluster`, is not installed")
    if not find_program("initdb"):
        pytest.skip("Debian's package postgresql is not installed")
    # The server does not run as root.
    person = {} if os.geteuid() else {"user": "nobody", "group": "nogroup", "extra_groups": []}

    def run(program, *arguments):
        command = [find_program(program), "--pgdata", f"{folder}/data", *arguments]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, **person)

    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        if person:
            shutil.chown(folder, "nobody", "nogroup")
        run("initdb", "--auth=trust", "--username=course", "--encoding=UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "start", "--wait", "--log", f"{folder}/log", "--options", options)
        try:
            yield f"postgresql+psycopg://course@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "--mode=immediate")


@pytest.mark.slow
def test_postgresql_holds_the_same_scores_as_sqlite(lab, hand_in, postgresql):
    for student, code in ANSWERS.items():
        hand_in(student, code)
    assert {outcome.fault for outcome in grade(lab, "tiny", jobs=2)} == {""}
    scores = read_scores(lab, "tiny")

    with (lab.labs / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.CourseDirectory.db_url = {postgresql!r}\n")
    lab = Course(lab.root)
    (lab.labs / "gradebook.db").unlink()
    release(lab, "tiny")
    assert read_scores(lab, "tiny").students == {}
    assert {outcome.fault for outcome in grade(lab, "tiny", jobs=2, force=True)} == {""}
    there = read_scores(lab, "tiny")
    assert dict(zip(there.students, there.totals)) == {"half": 1, "right": 3, "wrong": 0}
    assert there.students == scores.students
    assert there.scores.tolist() == scores.scores.tolist()
    assert not (lab.labs / "gradebook.db").exists()

    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + ":" + os.environ["PATH"]}
    export = [sys.executable, "-m", "nbgrader", "export"]
    subprocess.run(export, cwd=lab.labs, env=environment, check=True, capture_output=True)
    header, *rows = (lab.labs / "grades.csv").read_text().splitlines()
    exported = [dict(zip(header.split(","), row.split(","))) for row in rows]
    assert {row["student_id"]: float(row["score"]) for row in exported} == {
        "half": 1,
        "right": 3,
        "wrong": 0,
    }
