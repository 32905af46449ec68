"""Running one submission: its code in a kernel of its own, the verdicts in another process."""

import asyncio
import contextlib
import threading
import time
from operator import itemgetter
from pathlib import Path

import nbformat
from nbgrader.utils import is_grade, is_solution

from classroom.checks import hidden
from classroom.checks.judge import Judge
from classroom.cleaning import clean_text
from classroom.kernels import scratch
from classroom.results.outcomes import CellOutcome
from classroom.running import workers
from classroom.running.graded_cells import (
    explain_answer,
    find_checks,
    name_of,
    read_reason,
    write_verdict,
)
from classroom.running.job import Executed
from classroom.running.kernel_session import INSIDE, KernelDied, KernelLost, TimeIsUp
from classroom.running.notebook_run import NotebookRun
from classroom.sandbox import HOME

_idle, _lending = {}, threading.Lock()


def execute_all(jobs):
    """Runs the notebooks of one submission, one after another.

    Args:
        jobs: List of `Job`s.

    Returns:
        List of `Executed`s.

    Raises:
        ValueError, RuntimeError, SandboxError: as `execute`.
    """
    return [execute(job) for job in jobs]


def execute(job):
    """Runs a submission: first its notebook, visible tests included, then the hidden checks.

    Args:
        job: A `Job`.

    Returns:
        An `Executed`.

    Raises:
        ValueError: if the job needs a GPU and this worker has none, a cell that calls a hidden
            check does more, or a test gives more points than its cell has.
        RuntimeError: if no kernel starts, or a check makes no inputs.
        SandboxError: if the kernel is to be sealed, and no kernel can be here.
    """
    with (
        scratch.folder("submission") as folder,
        workers.gpu(job.gpus) as environment,
        _lend_judge(job.checks) as judge,
    ):
        for name, content in job.files.items():
            path = Path(folder, "work", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name in ("work", "home"):
            Path(folder, name).mkdir(exist_ok=True)
        home = HOME if job.sealed else f"{folder}/home"
        environment = {**_private(home), **environment}
        return asyncio.run(_Run(job, f"{folder}/work", environment, judge).execute())


def _private(home):
    """The environment of a kernel that is to see nothing of the grader's own."""
    return {
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": home,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }


@contextlib.contextmanager
def _lend_judge(source):
    """Lends a `Judge`; the last one is kept for the next submission."""
    with _lending:
        judge = _idle.pop(source, None) or Judge(source)
    try:
        yield judge
    finally:
        with _lending:
            for other in _idle.values():
                other.end()
            _idle.clear()
            _idle[source] = judge


class _Run(NotebookRun):
    """One run of one submission."""

    def __init__(self, job, folder, environment, judge):
        super().__init__(job, folder, environment)
        self.judge, self.outcomes = judge, {}

    async def execute(self):
        start = time.monotonic()
        later, before = [], 0
        try:
            await self.kernel.start()
            for number, cell in enumerate(self.notebook.cells):
                if cell.cell_type == "code":
                    cell.outputs = []
                    await self._bury(number)
                    if tasks := find_checks(cell):
                        later.append((self.stopped - before, number, cell, tasks))
                        before = self.stopped
                        await self._keep(cell)
                    else:
                        await self._run_cell(number, cell)
            # Whose cells had to be stopped has its checks last: they may use up all the time.
            for _, number, cell, tasks in sorted(later, key=itemgetter(0)):
                await self._bury(number, len(self.notebook.cells))
                await self._check_cell(number, cell, tasks)
        finally:
            await self.kernel.stop()
        seconds = time.monotonic() - start
        return Executed(
            nbformat.writes(self.notebook),
            seconds,
            self.outcomes,
            self.notes,
            self.kernel.slowest,
        )

    async def _run_cell(self, number, cell):
        """Runs a cell. If it is graded, its outputs decide on its points."""
        start = time.monotonic()
        await super()._run_cell(number, cell)
        if is_grade(cell) and not is_solution(cell):
            reasons = [read_reason(cell)]
            if any(reasons):
                reasons = explain_answer(self.notebook.cells, number, reasons)
            self._conclude(cell, start, "\n".join(reasons), judged=False)

    async def _check_cell(self, number, cell, tasks):
        """Runs the hidden checks of a cell; all of its points are the judge's to give."""
        start, verdicts = time.monotonic(), []
        for task, seed in tasks:
            seed = self.job.seed if seed is None else seed
            verdicts.append(await self._check(task, seed, number, name_of(cell)))
        unmet = list(dict.fromkeys(word for verdict in verdicts for word in verdict.unmet))
        if unmet:
            unmet = explain_answer(self.notebook.cells, number, unmet)
        verdict = hidden.Verdict(min(verdict.share for verdict in verdicts), unmet)
        write_verdict(cell, verdict)
        self._conclude(cell, start, "\n".join(verdict.unmet), judged=True)

    def _conclude(self, cell, start, reason, judged):
        seconds = round(time.monotonic() - start, 3)
        name = cell.metadata.nbgrader.grade_id
        self.outcomes[name] = CellOutcome(seconds, clean_text(reason), judged)

    async def _check(self, task, seed, number, place):
        """Asks the student's code for what a check wants to know; returns the `Verdict`."""
        this = hidden.load(self.job.checks)[task]
        findings = {}
        for which in hidden.INPUTS:
            if hidden.is_settled(this, findings):
                break
            given = self.judge.make_inputs(task, which, seed)
            if given is None:
                continue
            question = f"{INSIDE}.run_check({this.run_source!r}, {given!r}, {place!r}, globals())"
            reply = await self._ask(question, number)
            findings[which] = (
                [hidden.shown(False, reply)]
                if isinstance(reply, str)
                else self.judge.judge(task, which, seed, reply["raw"])
            )
        return hidden.conclude(this, findings)

    async def _ask(self, question, number):
        """Asks the kernel; again, if it died, which another cell may have caused.

        Args:
            question: An expression.
            number: Number of the check's cell.

        Returns:
            The kernel's reply, or why there is none, in words.
        """
        for last in (False, True):
            try:
                return await self.kernel.ask(question)
            except (TimeIsUp, KernelLost) as error:
                await self._recover(number, error, len(self.notebook.cells))
                if last or not isinstance(error, KernelDied):
                    return str(error)
