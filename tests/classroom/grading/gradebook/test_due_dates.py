"""Due dates and extensions move penalties, and nothing is run for it."""

import time
from datetime import datetime, timezone

import pytest

from classroom.collecting.collect import collect
from classroom.collecting.roster import import_roster
from classroom.course import Course
from classroom.grading.grade_class import grade
from classroom.grading.gradebook import due_dates
from classroom.grading.gradebook.due_dates import set_due_date, set_extension, update_penalties
from classroom.grading.prepare import Lab
from classroom.results import outcomes
from classroom.results.gradebook import read_scores
from classroom.results.outcomes import Outcome
from classroom.submissions import repair
from tests.classroom.collecting.conftest import pack

RULE = '\nc.LatePenalty.unit = "points"\nc.LatePenalty.per_day = 1\n'
BLACKBOARD = "Lab_{}_attempt_2026-03-03-12-00-00_tiny.ipynb"


def utc(day, hour=0):
    return datetime(2026, 3, day, hour, tzinfo=timezone.utc)


@pytest.fixture
def strict(lab, monkeypatch):
    """The course with a point off for each day, and times read as UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    config = lab.labs / "nbgrader_config.py"
    config.write_text(config.read_text() + RULE)
    yield Course(lab.root)
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def scored(strict, tmp_path):
    """Function that collects files and gives each of their students three points."""

    def score(*files):
        (tmp_path / "export.zip").write_bytes(pack(dict.fromkeys(files, "work")))
        students = {item.student for item in collect(strict, "tiny", tmp_path / "export.zip")}
        with strict.gradebook("tiny") as gradebook:
            for student in students:
                gradebook.update_or_create_student(student)
                gradebook.update_or_create_submission("tiny", student)
                for cell, points in {"double-tests": 1, "double-check": 2}.items():
                    gradebook.find_grade(cell, "tiny", "tiny", student).auto_score = points
            gradebook.db.commit()
        return strict

    return score


def penalties(course):
    """Penalties as `update_penalties` returns them, which are those that the gradebook has."""
    found = {late.student: late.penalty for late in update_penalties(course, "tiny")}
    assert list(found.values()) == list(read_scores(course, "tiny").penalties)
    return found


def test_a_due_date_that_moves_moves_penalties(scored):
    course = scored(BLACKBOARD.format("ada"))
    assert penalties(course) == {"ada": 0}
    for day, penalty in [(1, 3), (2, 2), (3, 1), (4, 0)]:
        set_due_date(course, "tiny", utc(day))
        assert penalties(course) == {"ada": penalty}
    set_due_date(course, "tiny", utc(1))
    set_due_date(course, "tiny", None)
    assert penalties(course) == {"ada": 0}


def test_an_extension_is_one_students_own_due_date(scored):
    course = scored(BLACKBOARD.format("ada"), BLACKBOARD.format("bob"))
    set_due_date(course, "tiny", utc(1))
    set_extension(course, "tiny", "ada", utc(3))
    assert penalties(course) == {"ada": 1, "bob": 3}
    set_due_date(course, "tiny", utc(4))
    assert penalties(course) == {"ada": 0, "bob": 0}
    set_due_date(course, "tiny", utc(2))
    set_extension(course, "tiny", "ada", None)
    assert penalties(course) == {"ada": 2, "bob": 2}


def test_an_extension_may_come_before_the_work(strict, scored):
    set_due_date(strict, "tiny", utc(1))
    set_extension(strict, "tiny", "ada", utc(9))
    course = scored(BLACKBOARD.format("ada"))
    assert penalties(course) == {"ada": 0}
    (late,) = update_penalties(course, "tiny")
    assert (late.handed_in, late.source, late.due) == (utc(3, 12), "Blackboard", utc(9))


def test_an_extension_without_a_due_date_stops_nothing(scored):
    course = scored(BLACKBOARD.format("ada"))
    set_extension(course, "tiny", "ada", utc(2))
    assert penalties(course) == {"ada": 0}
    with course.gradebook("tiny") as gradebook:
        assert gradebook.find_submission("tiny", "ada").total_seconds_late == 0


def test_an_extension_of_formgraders_stays(scored):
    course = scored(BLACKBOARD.format("ada"))
    set_due_date(course, "tiny", utc(1))
    with course.gradebook("tiny") as gradebook:
        gradebook.grant_extension("tiny", "ada", days=2)
    assert penalties(course) == {"ada": 1}


def test_late_without_a_time_is_the_first_day(scored):
    course = scored("adalovelace_LATE_101_1_tiny.ipynb", "bobberg_102_2_tiny.ipynb")
    assert penalties(course) == {"101": 1, "102": 0}
    set_due_date(course, "tiny", utc(1))
    assert penalties(course) == {"101": 1, "102": 0}
    late = update_penalties(course, "tiny")[0]
    assert (late.handed_in, late.source, late.seconds) == (None, "Canvas", 1)


def test_a_time_that_an_instructor_writes_counts(scored):
    course = scored("adalovelace_LATE_101_1_tiny.ipynb")
    set_due_date(course, "tiny", utc(1))
    (course.labs / "submitted/101/tiny/timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    assert penalties(course) == {"101": 2}
    assert update_penalties(course, "tiny")[0].source == "timestamp.txt"
    with course.gradebook("tiny") as gradebook:
        assert gradebook.find_submission("tiny", "101").total_seconds_late == 36 * 3600


def test_the_penalty_is_at_most_the_score(scored):
    course = scored(BLACKBOARD.format("ada"))
    set_due_date(course, "tiny", datetime(2025, 1, 1, tzinfo=timezone.utc))
    assert penalties(course) == {"ada": 3}


def test_without_nbgraders_step_nothing_is_taken_off(strict, scored):
    config = strict.labs / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.Autograde.autograde_preprocessors = []\n")
    course = scored(BLACKBOARD.format("ada"))
    set_due_date(course, "tiny", utc(1))
    assert penalties(Course(course.root)) == {"ada": 0}


@pytest.mark.services
def test_grading_updates_penalties_though_nothing_waits(scored):
    course = scored(BLACKBOARD.format("ada"))
    submission = repair.checksum(course.labs / "submitted/ada/tiny")
    outcome = Outcome("ada", "", 0.0, submission, Lab(course, "tiny").checksum)
    outcomes.write(course, "tiny", outcome)
    set_due_date(course, "tiny", utc(2))
    assert grade(course, "tiny", sealed=False, jobs=1) == []
    assert read_scores(course, "tiny").penalties == [2]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, 23, 59, 59, tzinfo=timezone.utc)),
        ("2026-03-01 18:00", utc(1, 18)),
        ("2026-03-01T18:00", utc(1, 18)),
        ("2026-03-01 18:00+02:00", utc(1, 16)),
    ],
)
def test_dates_are_read_as_instructors_write_them(strict, text, moment):
    assert due_dates.parse_due_date(text) == moment


@pytest.mark.parametrize("text", ["soon", "", "1.3.2026", "2026-02-30"])
def test_what_is_no_date_is_explained(text):
    with pytest.raises(ValueError, match="is no date"):
        due_dates.parse_due_date(text)


def test_an_extension_for_nobody_is_refused(strict, tmp_path):
    (tmp_path / "students.csv").write_text("student,name\nada,Ada\n")
    import_roster(strict, tmp_path / "students.csv")
    set_extension(strict, "tiny", "ada", utc(2))
    with pytest.raises(ValueError, match="'adda' is not in the roster and handed nothing in"):
        set_extension(strict, "tiny", "adda", utc(2))
