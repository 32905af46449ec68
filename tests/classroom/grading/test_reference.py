from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from classroom.grading import reference
from classroom.grading.means import Means
from classroom.grading.prepare import Lab
from classroom.results.outcomes import CellOutcome
from classroom.running.job import Bounds, Executed, Job

JOB = Job("", "", bounds=Bounds(cell=120))


class Pool:
    """An executor in which the solution takes some seconds and loses points for some reason."""

    def __init__(self, seconds, reason=""):
        self.seconds, self.reason, self.runs = seconds, reason, []

    def submit(self, function, jobs):
        self.runs.append(jobs)
        future = Future()
        if self.seconds is None:
            future.set_exception(RuntimeError("no kernel"))
        else:
            cells = {"double-check": CellOutcome(self.seconds, self.reason)}
            future.set_result([Executed("", self.seconds, cells, [], self.seconds) for _ in jobs])
        return future


@pytest.fixture
def unknown(lab):
    """The tiny lab, whose solution was not run yet."""
    (lab.build / "reference" / "tiny.json").unlink()
    return Lab(lab, "tiny")


@pytest.mark.parametrize(
    ("pool", "cell"),
    [
        (Pool(0.5), 20),
        (Pool(7.0), 70),
        (Pool(0.5, "The result is twice the argument."), 120),
        (Pool(None), 120),
    ],
)
def test_a_cell_may_take_ten_times_what_the_solution_takes(unknown, pool, cell):
    assert reference.fit(JOB, unknown, pool).bounds == Bounds(cell=cell)
    assert "2 * x" in pool.runs[0][0].notebook


def test_the_solution_is_run_once_until_it_changes(unknown):
    pool = Pool(3.0)
    for _ in range(2):
        assert reference.fit(JOB, unknown, pool).bounds.cell == 30
    assert len(pool.runs) == 1
    with unknown.course.checks("tiny").open("a") as file:
        file.write("\n# a changed check\n")
    reference.fit(JOB, Lab(unknown.course, "tiny"), pool)
    assert len(pool.runs) == 1
    source = unknown.course.source("tiny")
    source.write_text(source.read_text().replace("2 * x", "x + x"))
    reference.fit(JOB, Lab(unknown.course, "tiny"), pool)
    assert len(pool.runs) == 2


def test_what_is_configured_is_not_measured(lab):
    assert not Means().bounds_cells(lab)
    assert Means(bounds=Bounds()).bounds_cells(lab)
    configured = SimpleNamespace(config={"Bounds": {"cell": 5}}, labs=lab.labs)
    assert Means().bounds_cells(configured)
