"""Submissions that go wrong in every way, graded in one class with honest ones."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
import pytest

from classroom import sandbox
from classroom.course import Course
from classroom.grading.grade_class import grade
from classroom.grading.trouble import CourseIsBusy
from classroom.results import outcomes
from classroom.results.gradebook import read_scores
from classroom.running.job import Bounds

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(bool(sandbox.missing()), reason=f"no seal here: {sandbox.missing()}"),
]

RIGHT = "def double(x):\n    return 2 * x\n"
BOUNDS = Bounds(cell=4, notebook=60, output=10_000)


class Fault(NamedTuple):
    """What a student hands in, the points that it gets, and words of the note or of a reason."""

    code: str
    points: float
    words: str


FAULTS = {
    "infinite_loop": Fault("while True:\n    pass\n" + RIGHT, 0, "not defined"),
    "slow_answer": Fault("def double(x):\n    while True:\n        pass", 0, "ran longer than"),
    "ignored_interrupt": Fault(
        RIGHT + "while True:\n    try:\n        while True:\n            pass\n"
        "    except KeyboardInterrupt:\n        pass",
        0,
        "ignored the interrupt",
    ),
    "exit": Fault("import os\nos._exit(3)\n" + RIGHT, 0, "The kernel died"),
    "exit_in_the_test": Fault("import os\ndef double(x):\n    os._exit(0)", 0, "The kernel died"),
    "sys_exit": Fault(RIGHT + "import sys\nsys.exit(0)", 3, ""),
    "segmentation_fault": Fault("import ctypes\nctypes.string_at(0)", 0, "The kernel died"),
    "killed": Fault("import os\nos.kill(os.getpid(), 9)", 0, ""),
    "fork_bomb": Fault(
        RIGHT
        + "import os\ntry:\n    while True:\n        os.fork()\nexcept OSError:\n    os._exit(0)",
        0,
        "The kernel ended",
    ),
    "memory_bomb": Fault(RIGHT + "hoard = []\nwhile True:\n    hoard.append(bytes(10**8))", 3, ""),
    "output_flood": Fault(RIGHT + "while True:\n    print('flood ' * 100)", 3, "was cut"),
    "one_long_line": Fault(RIGHT + "print('x' * 50_000_000)", 3, "was cut"),
    "deleted_folder": Fault(
        RIGHT + "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)", 3, ""
    ),
    "asks": Fault(RIGHT + "input('What now? ')", 3, ""),
    "detached_process": Fault(
        RIGHT + "import subprocess\nsubprocess.Popen(['sleep', '4321'], start_new_session=True)",
        3,
        "starts, ends or signals processes: subprocess",
    ),
    "closed_sockets": Fault(RIGHT + "import os\nos.closerange(3, 256)", 0, ""),
    "deep_recursion": Fault("def double(x):\n    return double(x)", 0, "RecursionError"),
    "syntax_error": Fault(
        "def double(x:\n    return 2",
        0,
        "SyntaxError in line 1 of the cell double, `def double(x:`",
    ),
    "strange_error": Fault(
        "class E(BaseException):\n    def __str__(self):\n        raise ValueError\n"
        "def double(x):\n    raise E",
        0,
        "E",
    ),
    "full_scratch": Fault(
        RIGHT
        + "with open('big', 'wb') as file:\n    while True:\n        file.write(bytes(10**7))",
        3,
        "",
    ),
}


@pytest.fixture(scope="module")
def graded(released_lab, tmp_path_factory):
    """The class, graded once: a dictionary from students to outcomes, and one to points."""
    lab = Course(shutil.copytree(released_lab.root, tmp_path_factory.mktemp("faults") / "course"))
    hand_in(lab, "honest", RIGHT)
    for student, fault in FAULTS.items():
        hand_in(lab, student, fault.code)
    done = grade(lab, "tiny", jobs=2, bounds=BOUNDS)
    found = read_scores(lab, "tiny")
    return {one.student: one for one in done}, dict(zip(found.students, found.totals))


def hand_in(lab, student, code):
    notebook = nbformat.read(lab.released("tiny"), as_version=4)
    notebook.cells[0].source = code
    folder = lab.labs / "submitted" / student / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / "tiny.ipynb")


def test_honest_work_is_untouched(graded):
    done, points = graded
    assert points["honest"] == 3
    assert (done["honest"].fault, done["honest"].notes, done["honest"].hints) == ("", [], [])


@pytest.mark.parametrize("student", FAULTS)
def test_a_fault_costs_what_it_broke_and_is_named(graded, student):
    done, points = graded
    outcome, fault = done[student], FAULTS[student]
    assert outcome.fault == ""
    assert points[student] == fault.points
    reasons = [cell.reason for cell in outcome.cells.values()]
    assert fault.words in "\n".join([*outcome.notes, *outcome.hints, *reasons])
    if fault.points < 3:
        assert any(reasons)


def test_nothing_stays_behind(graded):
    time.sleep(1)
    left = [
        process.cmdline()
        for process in psutil.process_iter()
        if process.status() != psutil.STATUS_ZOMBIE and "4321" in process.cmdline()
    ]
    assert left == []


GRADER = """
import sys
from classroom.course import Course
from classroom.grading.grade_class import grade

if __name__ == "__main__":
    grade(Course.find(sys.argv[1]), "tiny", jobs=2, sealed=False)
"""


@pytest.fixture
def grader(tmp_path, lab):
    """Function that starts a grader of the lab in a process of its own."""
    script = tmp_path / "grader.py"
    script.write_text(GRADER)

    def start(**environment):
        return subprocess.Popen(
            [sys.executable, str(script), str(lab.root)],
            env={**os.environ, **environment},
        )

    return start


def kill_with_all(grader):
    """Kills a grader and whatever it has started, so that none can clear up after another."""
    started = psutil.Process(grader.pid).children(recursive=True)
    for process in (grader, *started):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    grader.wait()


@pytest.fixture
def temporary(monkeypatch):
    """A temporary directory for graders, with a path that is short, since sockets lie in it.

    They start warm servers of their own there.
    """
    monkeypatch.delenv("COURSE_WARM", raising=False)
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


# Kinds of temporary folders of a grader's own that has started.
STARTED = {"sockets", "warm", "workers"}


def find_kinds(temporary):
    """Kinds of the temporary folders that graders have there."""
    return {path.name.split("-")[1] for path in temporary.glob("course-*")}


@pytest.mark.slow
def test_a_grader_that_is_killed_goes_on_where_it_was(lab, grader, temporary):
    students = [f"s{number:02}" for number in range(12)]
    for student in students:
        hand_in(lab, student, RIGHT)
    done, times = lab.labs / "outcomes" / "tiny", {}
    for graded in (0, 3, 6):
        running = grader(TMPDIR=str(temporary))
        while not find_kinds(temporary) >= STARTED or len(list(done.glob("*.json"))) < graded:
            assert running.poll() is None
            time.sleep(0.05)
        kill_with_all(running)
        assert find_kinds(temporary) == STARTED
        for path in done.glob("*.json"):
            times.setdefault(path.stem, path.stat().st_mtime_ns)
    assert grader(TMPDIR=str(temporary)).wait(timeout=120) == 0
    assert list(temporary.iterdir()) == []
    after = {path.stem: path.stat().st_mtime_ns for path in done.glob("*.json")}
    assert sorted(after) == students
    assert all(after[student] == when for student, when in times.items())
    found = read_scores(lab, "tiny")
    assert dict(zip(found.students, found.totals)) == dict.fromkeys(students, 3)
    assert grade(lab, "tiny") == []


def test_a_second_grader_is_told_that_there_is_one(lab, hand_in, grader):
    hand_in("slow", "import time\ntime.sleep(5)\n" + RIGHT)
    running = grader()
    while not (lab.labs / ".grading.lock").exists() and running.poll() is None:
        time.sleep(0.1)
    time.sleep(1)
    with pytest.raises(CourseIsBusy, match="Another grader"):
        grade(lab, "tiny", sealed=False)
    assert running.wait(timeout=120) == 0
    assert outcomes.read(lab, "tiny", "slow").fault == ""


FULL_DISK = """
import sys
from classroom.course import Course
from classroom.grading.grade_class import grade
from classroom.results import outcomes

write = outcomes.write


def fill(course, lab, outcome):
    write(course, lab, outcome)
    try:
        with open(course.labs / "filling", "ab", buffering=0) as file:
            while True:
                file.write(bytes(1024))
    except OSError:
        pass


outcomes.write = fill
if __name__ == "__main__":
    grade(Course.find(sys.argv[1]), "tiny", sealed=False)
"""


def test_a_full_disk_stops_the_grader_and_loses_nothing(lab, hand_in, tmp_path):
    """The course lies on a file system of its own, which is full after the first submission."""
    students = ["a", "b", "c"]
    for student in students:
        hand_in(student, RIGHT)
    full, again, disk = tmp_path / "full.py", tmp_path / "again.py", tmp_path / "disk"
    full.write_text(FULL_DISK)
    again.write_text(GRADER)
    disk.mkdir()
    python = sys.executable
    command = f"""
        mount -t tmpfs -o size=8m none {disk} && cp -r "{lab.labs}" {disk}/labs
        {python} {full} {disk}; echo first $?; ls {disk}/labs/outcomes/tiny
        rm {disk}/labs/filling
        {python} {again} {disk}; echo second $?; cp -r {disk}/labs {tmp_path}/after
    """
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
    )
    assert "first 1" in done.stdout
    assert "second 0" in done.stdout
    assert "Grading stopped" in done.stderr
    outcomes_after = sorted(path.stem for path in tmp_path.glob("after/outcomes/tiny/*.json"))
    assert outcomes_after == students
