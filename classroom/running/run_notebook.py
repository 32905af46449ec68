"""Running one submission: its code in a kernel of its own, the verdicts in another process."""

import asyncio
import contextlib
import logging
import threading
import time
from operator import itemgetter
from pathlib import Path

import nbformat
from nbgrader.utils import is_grade, is_solution

from classroom.checks import hidden
from classroom.checks.judge import Judge
from classroom.cleaning import make_error
from classroom.kernels import scratch
from classroom.results.outcomes import CellOutcome
from classroom.running import workers
from classroom.running.cell_outputs import CellOutputs
from classroom.running.graded_cells import find_checks, name_of, read_reason, write_verdict
from classroom.running.job import Executed
from classroom.running.kernel_session import INSIDE, KernelDied, KernelLost, KernelSession, TimeIsUp

log = logging.getLogger(__name__)
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
        return asyncio.run(_Run(job, folder, environment, judge).execute())


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


class _Run:
    """One run of one submission."""

    def __init__(self, job, folder, environment, judge):
        self.job, self.judge = job, judge
        self.notebook = nbformat.reads(job.notebook, as_version=4)
        self.outcomes, self.notes = {}, []
        outputs = CellOutputs(job.bounds.output, self._note)
        self.kernel = KernelSession(job, folder, environment, outputs)
        # Cells that ended the kernel; how often cells were stopped; the last cell.
        self.deadly, self.stopped, self.last = set(), 0, 0

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
        """Runs a cell as nbgrader does. If it is graded, its outputs decide on its points."""
        start = time.monotonic()
        try:
            reply = await self.kernel.run(cell)
            content = reply["content"]
            failed = content.get("status") != "ok"
            if failed and not any(output.output_type == "error" for output in cell.outputs):
                error = str(content.get("ename", "")), str(content.get("evalue", ""))
                cell.outputs.append(make_error(*error))
        except (TimeIsUp, KernelLost) as error:
            self.stopped += 1
            cell.outputs.append(make_error(type(error).__name__, str(error)))
            await self._recover(number, error)
        if is_grade(cell) and not is_solution(cell):
            self._conclude(cell, start, read_reason(cell), judged=False)

    async def _keep(self, cell):
        """Lets the kernel keep what is defined where a check stands; it is run later."""
        question = f"{INSIDE}.keep({name_of(cell)!r}, globals())"
        with contextlib.suppress(TimeIsUp, KernelLost):
            await self.kernel.ask(question)

    async def _bury(self, number, end=None):
        """Recovers from a death that came after the last reply: the cell before has caused it."""
        if await self.kernel.has_died():
            await self._recover(self.last, KernelLost("The kernel died."), end or number)
        self.last = number

    async def _check_cell(self, number, cell, tasks):
        """Runs the hidden checks of a cell; all of its points are the judge's to give."""
        start, verdicts = time.monotonic(), []
        for task, seed in tasks:
            seed = self.job.seed if seed is None else seed
            verdicts.append(await self._check(task, seed, number, name_of(cell)))
        verdict = hidden.Verdict(
            min(verdict.share for verdict in verdicts),
            list(dict.fromkeys(word for verdict in verdicts for word in verdict.unmet)),
        )
        write_verdict(cell, verdict)
        self._conclude(cell, start, "\n".join(verdict.unmet), judged=True)

    def _conclude(self, cell, start, reason, judged):
        seconds = round(time.monotonic() - start, 3)
        name = cell.metadata.nbgrader.grade_id
        self.outcomes[name] = CellOutcome(seconds, reason, judged)

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

    def _note(self, words):
        if words not in self.notes:
            self.notes.append(words)

    async def _recover(self, number, error, end=None):
        """Starts a lost kernel again and runs what came before, without the cell that ended it.

        Args:
            number: Number of that cell.
            error: What happened; nothing is done if the kernel is still there.
            end: Number of cells that came before, if others than those above it.
        """
        if not isinstance(error, KernelLost) or not self.kernel.is_open:
            return
        self.deadly.add(number)
        self._note(f"The kernel ended in cell {name_of(self.notebook.cells[number])}: {error}")
        await self.kernel.stop()
        try:
            await self.kernel.start()
        except Exception:
            log.exception("A kernel could not be started again")
            self._note("The kernel could not be started again.")
            return await self.kernel.stop()
        for earlier, cell in enumerate(self.notebook.cells[: number if end is None else end]):
            if cell.cell_type != "code":
                continue
            try:
                if find_checks(cell):
                    await self._keep(cell)
                elif earlier not in self.deadly and (not is_grade(cell) or is_solution(cell)):
                    await self.kernel.repeat(cell)
            except TimeIsUp:
                continue
            except KernelLost as again:
                return await self._recover(earlier, again, number if end is None else end)
