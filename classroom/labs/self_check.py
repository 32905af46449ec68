"""Instant feedback for students: a lab's visible tests, run on their own notebook."""

import asyncio
import os
import re
from typing import NamedTuple

import nbformat
from nbgrader import utils

from classroom.kernels import scratch
from classroom.kernels.provisioner import WarmServerError
from classroom.labs.lab_notebook import describe
from classroom.running.graded_cells import (
    ASKING,
    ASKS,
    STOPPED,
    SYNTAX_ERRORS,
    explain_answer,
    explain_failure,
    find_answer,
    find_error,
    name_of,
    read_score,
)
from classroom.running.job import Bounds, Job
from classroom.running.notebook_run import NotebookRun
from classroom.submissions.match_cells import definitions

HIDDEN = "checked when you hand in"
NOT_SOLVED = "not solved yet"
# How long a cell may last, a cell of the lab's that prepares the others, and all together.
SECONDS, PREPARING, ALTOGETHER = 20, 120, 900
UNDEFINED = re.compile(r"name '(\w+)' is not defined")


class TestResult(NamedTuple):
    """What a test cell said.

    Attributes:
        cell: Name of the cell.
        passed: Whether it passes; None where the notebook cannot tell: a hidden check, or an answer
            that a person reads.
        points: Points that the cell is worth; none where it only says what to fix.
        message: What to fix, or "".
        edited: Whether the cell is not the one that was given out. The original is used for
            grading.
    """

    __test__ = False  # not a test of pytest's

    cell: str
    passed: bool | None
    points: float
    message: str
    edited: bool


def check(lab, tell=lambda result: None, begin=lambda cell: None):
    """Runs a lab's notebook from top to bottom, as the grader will, and reads its test cells.

    What needs no run is told first: answers that are as they were given out, or cannot be parsed.

    Args:
        lab: A `LabNotebook`, whose cells get their outputs.
        tell: Function called with each `TestResult` as soon as it is known.
        begin: Function called with the name of each cell that is about to run.

    Returns:
        A pair: the list of `TestResult`s in the notebook's order, and a list of sentences about
        cells that failed beside the tests.

    Raises:
        RuntimeError: if no kernel starts.
    """
    with scratch.folder("submission") as home:
        environment = {
            **os.environ,
            "NBGRADER_EXECUTION": "validate",
            "IPYTHONDIR": os.path.join(home, ".ipython"),
        }
        return asyncio.run(_Check(lab, environment, tell, begin).check())


class _Check(NotebookRun):
    def __init__(self, lab, environment, tell, begin):
        bounds = Bounds(notebook=ALTOGETHER)
        job = Job(nbformat.writes(lab.notebook), "", sealed=False, bounds=bounds)
        super().__init__(job, lab.path.resolve().parent, environment)
        self.lab, self.tell, self.begin = lab, tell, begin
        self.results = {}

    def _seconds(self, cell):
        return PREPARING if utils.is_locked(cell) and not _is_test(cell) else SECONDS

    async def check(self):
        cells = self.notebook.cells
        for number, cell in enumerate(cells):
            self._tell_at_once(number, cell)
        if any(_is_test(cell) and name_of(cell) not in self.results for cell in cells):
            try:
                await self._start()
                for number, cell in enumerate(cells):
                    if cell.cell_type == "code" and not find_error(cell):
                        await self._go_through(number, cell)
            finally:
                await self.kernel.stop()
        ordered = [self.results[name] for name in map(name_of, cells) if name in self.results]
        return ordered, self._explain_others()

    async def _start(self):
        try:
            await self.kernel.start()
        except WarmServerError:  # it ended just now, or cannot import what it should
            os.environ.pop("COURSE_WARM", None)
            await self.kernel.stop()
            await self.kernel.start()

    def _tell_at_once(self, number, cell):
        """Tells what is known of a cell without running it."""
        if utils.is_grade(cell) and utils.is_solution(cell):
            score, _ = utils.determine_grade(cell)
            message = "not answered yet" if score == 0 else "read by a person"
            return self._conclude(cell, None, message)
        if not _is_test(cell):
            if utils.is_grade(cell):
                self._conclude(cell, None, HIDDEN)
            return None
        answer = find_answer(self.notebook.cells, number)
        causes = explain_answer(self.notebook.cells, number, [])
        if causes:
            self._conclude(cell, False, "\n".join(causes))
        elif answer and all(name_of(part) in self.lab.untouched for part in answer):
            self._conclude(cell, False, NOT_SOLVED)

    async def _go_through(self, number, cell):
        """Runs a cell, unless it is a test of which all is known or that would not end either."""
        if not _is_test(cell):
            self.begin(name_of(cell))
            await self._bury(number)
            await self._run_cell(number, cell)
            if (error := find_error(cell)) and error.ename in STOPPED:
                self.deadly.add(number)  # it is not run again
        elif name_of(cell) not in self.results:
            stopped = self._find_stopped(number)
            if stopped is None:
                self.begin(name_of(cell))
                await self._bury(number)
                await self._run_cell(number, cell)
                self._read(number, cell)
            else:
                self._conclude(cell, False, explain_failure(stopped, describe(stopped)))

    def _find_stopped(self, number):
        """Finds a cell of the same task that ran until it was stopped, or None."""
        cells, answer = self.notebook.cells, find_answer(self.notebook.cells, number)
        first = cells.index(answer[0]) if answer else number
        for cell in cells[first:number]:
            if (error := find_error(cell)) and error.ename in STOPPED[:2]:
                return cell
        return None

    def _read(self, number, cell):
        """Reads what a test that was run said."""
        error = find_error(cell)
        score, points = read_score(cell) if utils.is_grade(cell) else (None, 0)
        passed = score == points if utils.is_grade(cell) else error is None
        reasons = [] if passed else [self._find_reason(number, error)]
        if reasons:
            reasons = explain_answer(self.notebook.cells, number, reasons)
        self._conclude(cell, passed, "\n".join(reasons))

    def _find_reason(self, number, error):
        """Says in words why a test fails."""
        if error is None:
            return "The test gives a part of its points."
        missing = UNDEFINED.fullmatch(error.evalue) if error.ename == "NameError" else None
        for cell in self.notebook.cells[:number]:
            if missing and missing[1] in definitions(cell.source) and find_error(cell):
                return explain_failure(cell, describe(cell))
        return _explain(error)

    def _explain_others(self):
        """Says why cells failed, where no test says it."""
        said = {line for result in self.results.values() for line in result.message.splitlines()}
        sentences, task_fails = [], False
        for cell in reversed(self.notebook.cells):
            if name_of(cell) in self.results:
                task_fails = self.results[name_of(cell)].passed is False
                continue
            error = find_error(cell)
            if error and (not task_fails or error.ename in (*SYNTAX_ERRORS, *STOPPED, ASKING)):
                sentences.insert(0, explain_failure(cell, describe(cell)))
        return [sentence for sentence in filter(None, sentences) if sentence not in said]

    def _conclude(self, cell, passed, message):
        name = name_of(cell)
        points = cell.metadata.nbgrader.get("points", 0) if utils.is_grade(cell) else 0
        edited = name in self.lab.edited
        self.results[name] = TestResult(name, passed, points, message, edited)
        self.tell(self.results[name])


def _is_test(cell):
    """Whether a cell is a visible test; one that is worth no points is called after it."""
    is_help = utils.is_locked(cell) and name_of(cell).endswith("-tests")
    if cell.cell_type != "code" or utils.is_solution(cell) or not (utils.is_grade(cell) or is_help):
        return False
    return bool(re.search(r"^[^#\s]", cell.source, re.MULTILINE))


def _explain(error):
    """Says in words what a test's error is."""
    if error.ename == "NotImplementedError" and not error.evalue:
        return NOT_SOLVED
    if error.ename == ASKING:
        return f"Your code {ASKS}"
    if error.ename in STOPPED:
        return f"Your code was stopped in this test: {error.evalue}"
    return f"{error.ename}: {error.evalue}".removeprefix("AssertionError: ")
