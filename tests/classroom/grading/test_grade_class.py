import errno
import os
import subprocess
import sys

import nbformat
import pytest

from classroom.course import Course
from classroom.grading.attempt import Attempt
from classroom.grading.grade_class import grade, preview
from classroom.grading.trouble import GradingStopped, attempted, explaining
from classroom.labs.release import release
from classroom.reasons import describe_error
from classroom.results import outcomes
from classroom.results.gradebook import read_scores

pytestmark = pytest.mark.services

RIGHT = "def double(x):\n    return 2 * x"
NUMBERS_ONLY = "def double(x):\n    return 2 * x if isinstance(x, int) else None"
WRONG = "def double(x):\n    return 3 * x"
WARNS = "import os, sys, warnings\ndef double(x):\n    warnings.warn('careful')\n" + (
    "    print('W0000 cost_estimator.cc:699', file=sys.stderr)\n"
    "    os.write(2, b'compiled code\\n')\n"
    "    return x + x"
)


def nbgrader(lab, *arguments):
    """Runs nbgrader's own command in the lab's course."""
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + ":" + os.environ["PATH"]}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=lab.labs, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def points(lab):
    found = read_scores(lab, "tiny")
    return dict(zip(found.students, found.totals))


def test_answers_get_the_points_that_they_deserve(lab, hand_in):
    for student, code in {"right": RIGHT, "half": NUMBERS_ONLY, "wrong": WRONG}.items():
        hand_in(student, code)
    done = grade(lab, "tiny", jobs=2)
    assert {outcome.fault for outcome in done} == {""}
    assert points(lab) == {"right": 3, "half": 1, "wrong": 0}


@pytest.mark.slow
def test_scores_are_those_of_nbgrader(lab, hand_in):
    """And what is written to stderr costs no points, neither here nor there."""
    answers = {"right": RIGHT, "half": NUMBERS_ONLY, "wrong": WRONG, "warns": WARNS}
    for student, code in answers.items():
        hand_in(student, code)
    grade(lab, "tiny", jobs=2)
    ours = points(lab)
    nbgrader(lab, "autograde", "tiny", "--force")
    assert points(lab) == ours == {"right": 3, "half": 1, "wrong": 0, "warns": 3}


def rows(lab):
    """What the gradebook holds about each graded cell and each answer."""
    found = {}
    with lab.gradebook("tiny") as gradebook:
        for student in gradebook.students:
            notebook = gradebook.find_submission_notebook("tiny", "tiny", student.id)
            for grade in notebook.grades:
                found[student.id, grade.name] = (grade.auto_score, grade.needs_manual_grade)
            for comment in notebook.comments:
                found[student.id, comment.name, "comment"] = comment.auto_comment
    return found


def test_grades_and_comments_are_those_of_nbgrader(lab, hand_in):
    """Also where nothing was answered.

    But nobody has to look again at points that a person gave to the very same answer.
    """
    for student, code in {"right": RIGHT, "wrong": WRONG}.items():
        hand_in(student, code)
    hand_in("nothing", raw=lab.released("tiny").read_text())
    grade(lab, "tiny")
    with lab.gradebook("tiny") as gradebook:
        gradebook.find_grade("why", "tiny", "tiny", "right").manual_score = 1
        gradebook.db.commit()
    grade(lab, "tiny", force=True)
    ours = rows(lab)
    nbgrader(lab, "autograde", "tiny", "--force")
    theirs, graded = rows(lab), ("right", "why")
    assert (ours.pop(graded), theirs.pop(graded)) == ((0, False), (0, True))
    assert theirs == ours
    assert ours["nothing", "double", "comment"] == "No response."
    assert ours["right", "double", "comment"] is None


def test_files_are_those_that_nbgrader_takes(lab, hand_in):
    hand_in("ada", RIGHT)
    folder, source = lab.labs / "submitted" / "ada" / "tiny", lab.labs / "source" / "tiny"
    for name in ("data.csv", "a/b/c.txt", "own.py", "x.pyc", "__pycache__/x.py", "feedback/f.html"):
        for place, text in ((folder, "handed in"), (source, "the lab's")):
            if place == folder or name in ("data.csv", "own.py", "x.pyc"):
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_text(text)
    with (lab.labs / "nbgrader_config.py").open("a") as file:
        file.write("c.Autograde.exclude_overwriting = {'tiny': ['own.py']}\n")
        file.write("c.CourseDirectory.ignore = ['*.pyc', '__pycache__', 'feedback', 'c.*']\n")
    lab = Course(lab.root)
    taken = lab.labs / "autograded" / "ada" / "tiny"

    def read():
        files = [path for path in taken.rglob("*") if path.is_file() and path.suffix != ".ipynb"]
        return {path.relative_to(taken).as_posix(): path.read_text() for path in files}

    grade(lab, "tiny")
    ours = read()
    nbgrader(lab, "autograde", "tiny", "--force")
    assert read() == ours == {"data.csv": "the lab's", "own.py": "handed in"}


def test_a_lab_without_its_release_stops_the_class_and_blames_nobody(lab, hand_in):
    hand_in("ada", RIGHT)
    lab.released("tiny").unlink()
    with pytest.raises(ValueError, match=r"tiny\.ipynb is missing; run `course labs release tiny`"):
        grade(lab, "tiny")
    assert outcomes.read_all(lab, "tiny") == []


def test_a_damaged_gradebook_stops_the_class_and_blames_nobody(lab, hand_in):
    hand_in("ada", RIGHT)
    (lab.labs / "gradebook.db").write_bytes(b"no database" * 1000)
    with pytest.raises(GradingStopped, match="file is not a database"):
        grade(lab, "tiny")
    assert outcomes.read_all(lab, "tiny") == []


def test_a_configuration_that_nbgrader_does_not_take_is_explained(lab, hand_in):
    hand_in("ada", RIGHT)
    with (lab.labs / "nbgrader_config.py").open("a") as file:
        file.write('c.AssignLatePenalties.plugin_class = "nowhere.LatePenalty"\n')
    with pytest.raises(ValueError, match=r"nbgrader_config\.py says: .*nowhere\.LatePenalty"):
        grade(Course(lab.root), "tiny")
    assert outcomes.read_all(lab, "tiny") == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_trouble_with_the_disk_is_everyones(number):
    def write(_):
        try:
            raise OSError(number, os.strerror(number))
        except OSError as error:
            raise RuntimeError("nbgrader makes another of it") from error

    with pytest.raises(GradingStopped, match="Is the disk full"), explaining():
        attempted(write, Attempt(outcomes.Outcome("ada", "", 0.0, "", "")))


def test_a_preview_shows_the_scores_and_writes_nothing(lab, hand_in):
    hand_in("known", RIGHT)
    grade(lab, "tiny")
    before = {path: path.stat().st_mtime_ns for path in (lab.labs / "autograded").rglob("*")}
    hand_in("new", NUMBERS_ONLY)
    scores, _ = preview(lab, "tiny")
    assert {student: sum(found.values()) for student, found in scores.items()} == {
        "known": 3,
        "new": 1,
    }
    assert points(lab) == {"known": 3}
    assert {
        path: path.stat().st_mtime_ns for path in (lab.labs / "autograded").rglob("*")
    } == before


def test_the_time_of_a_class_is_bounded_and_nothing_lost(lab, hand_in):
    hand_in("early", RIGHT)
    grade(lab, "tiny")
    hand_in("late", RIGHT)
    with pytest.raises(GradingStopped, match="1 submissions were not begun"):
        grade(lab, "tiny", seconds=0)
    assert points(lab) == {"early": 3}
    grade(lab, "tiny", seconds=60)
    assert points(lab) == {"early": 3, "late": 3}


def test_the_configuration_bounds_submissions(lab, hand_in):
    hand_in("slow", RIGHT + "\nwhile True:\n    pass")
    configuration = lab.labs / "nbgrader_config.py"
    text = configuration.read_text()
    configuration.write_text(text + "c.Bounds.cell = 1\nc.Limits.processes = 64\n")
    (outcome,) = grade(Course(lab.root), "tiny")
    assert outcome.seconds < 30
    configuration.write_text(text + "c.Limits.procesess = 64\n")
    with pytest.raises(ValueError, match=r"sets Limits\.procesess.* There are: .*processes"):
        grade(Course(lab.root), "tiny")


def test_nbgraders_export_reads_the_gradebook(lab, hand_in):
    hand_in("right", RIGHT)
    grade(lab, "tiny")
    nbgrader(lab, "export")
    header, row = (lab.labs / "grades.csv").read_text().splitlines()
    values = dict(zip(header.split(","), row.split(",")))
    assert (values["student_id"], values["score"], values["max_score"]) == ("right", "3.0", "4.0")


def test_edited_tests_are_replaced_by_the_originals(lab, answer, hand_in):
    notebook = answer(WRONG)
    notebook.cells[1].source = "pass"
    notebook.cells[2].metadata.nbgrader.points = 100
    hand_in("cheat", raw=nbformat.writes(notebook))
    grade(lab, "tiny")
    assert points(lab) == {"cheat": 0}


def test_answers_for_a_person_wait(lab, answer, hand_in):
    notebook = answer(RIGHT)
    notebook.cells[3].source = "Because twice is twice."
    hand_in("writer", raw=nbformat.writes(notebook))
    hand_in("silent", RIGHT)
    grade(lab, "tiny")
    found = read_scores(lab, "tiny")
    why = found.scores[:, found.cells.index("why")]
    assert list(found.students) == ["silent", "writer"]
    assert why[0] == 0
    assert why[1] != why[1]


def test_one_submissions_trouble_is_its_own(lab, answer, hand_in):
    copied = answer(RIGHT)
    copied.cells.append(copied.cells[1].copy())
    hand_in("a_broken", raw="{ no notebook")
    hand_in("b_copied_cell", raw=nbformat.writes(copied))
    hand_in("c_right", RIGHT)
    hand_in("d_dies", "import os\nos._exit(1)")
    done = {outcome.student: outcome for outcome in grade(lab, "tiny", jobs=2)}
    assert "is cut off, damaged or no notebook" in done["a_broken"].fault
    assert done["b_copied_cell"].fault == done["c_right"].fault == done["d_dies"].fault == ""
    assert done["b_copied_cell"].notes
    assert done["d_dies"].notes
    assert points(lab) == {"b_copied_cell": 3, "c_right": 3, "d_dies": 0}
    assert not (lab.labs / "autograded" / "a_broken" / "tiny").exists()


def test_students_read_which_requirement_is_not_met(lab, hand_in):
    hand_in("wrong", WRONG)
    hand_in("nothing", "def double(x):\n    raise NotImplementedError")
    hand_in("raises", "def double(x):\n    raise ValueError(f'the hidden input is {x}')")
    hand_in("other", "def double(x):\n    return object()")
    cells = {outcome.student: outcome.cells for outcome in grade(lab, "tiny", jobs=2)}
    assert cells["wrong"]["double-tests"].reason == "Twice 1 is 2, not 3."
    assert cells["wrong"]["double-check"].reason == "The result is twice the argument."
    assert cells["nothing"]["double-check"].reason == "The task is not implemented."
    assert cells["raises"]["double-check"].reason == describe_error("ValueError")
    assert "TypeError" in cells["other"]["double-check"].reason


def test_only_what_changed_is_graded_again(lab, hand_in):
    hand_in("right", RIGHT)
    hand_in("late", WRONG)

    def graded(**options):
        return sorted(outcome.student for outcome in grade(lab, "tiny", **options))

    assert graded() == ["late", "right"]
    assert graded() == []
    hand_in("late", RIGHT)
    assert graded() == ["late"]
    assert points(lab)["late"] == 3
    with (lab.labs / "checks" / "tiny.py").open("a") as file:
        file.write("\n# a changed check\n")
    assert graded() == ["late", "right"]
    assert graded(force=True) == ["late", "right"]


def test_a_lab_that_changed_is_graded_again_once_it_is_released(lab, hand_in):
    hand_in("ada", RIGHT)
    notebook = nbformat.read(lab.source("tiny"), as_version=4)
    notebook.cells[2].metadata.nbgrader.points = 20
    nbformat.write(notebook, lab.source("tiny"))
    grade(lab, "tiny")
    assert points(lab)["ada"] == 3
    release(lab, "tiny")
    grade(lab, "tiny")
    assert points(lab)["ada"] == 21
    (lab.labs / "source" / "tiny" / "data.csv").write_text("new")
    assert [outcome.student for outcome in grade(lab, "tiny")] == ["ada"]


def test_a_fault_is_tried_again(lab, hand_in):
    hand_in("broken", raw="{")
    assert grade(lab, "tiny")[0].fault
    hand_in("broken", RIGHT)
    assert grade(lab, "tiny")[0].fault == ""
    assert outcomes.read(lab, "tiny", "broken").fault == ""


def test_a_lab_that_was_not_released_is_explained(course, scratch):
    with pytest.raises(ValueError, match="course labs release multitask"):
        grade(scratch, "multitask")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('task = "double"', 'task = "triple"', r"'double-check' .* 'double'.* There are: triple\."),
        ("import numpy", "import nunpy", r"checks.tiny\.py cannot be loaded: .*nunpy"),
    ],
)
def test_a_check_that_is_not_there_stops_the_grading(lab, hand_in, before, after, words):
    hand_in("right", RIGHT)
    checks = lab.labs / "checks" / "tiny.py"
    checks.write_text(checks.read_text().replace(before, after))
    with pytest.raises(ValueError, match=words):
        grade(lab, "tiny")
    assert outcomes.read(lab, "tiny", "right") is None


@pytest.mark.skipif(os.name != "posix", reason="needs pipes")
def test_a_timestamp_that_is_a_pipe_holds_nobody_up(lab, hand_in):
    hand_in("late", RIGHT)
    os.mkfifo(lab.labs / "submitted/late/tiny/timestamp.txt")
    (outcome,) = grade(lab, "tiny")
    assert "timestamp.txt holds no time" in outcome.notes[0]
    assert points(lab) == {"late": 3}


def test_an_unknown_lab_is_refused(lab):
    with pytest.raises(ValueError, match=r"No lab is called 'huge'. There are: tiny"):
        grade(lab, "huge")


def test_progress_is_reported(lab, hand_in):
    hand_in("right", RIGHT)
    hand_in("wrong", WRONG)
    seen = []
    grade(lab, "tiny", progress=lambda outcome, left: seen.append((outcome.student, left)))
    assert sorted(left for _, left in seen) == [0, 1]
