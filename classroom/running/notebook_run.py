"""Going through the cells of a notebook, whatever they do to their kernel."""

import contextlib
import logging

import nbformat
from nbgrader.utils import is_grade, is_solution

from classroom.cleaning import make_error
from classroom.running.cell_outputs import CellOutputs
from classroom.running.graded_cells import find_checks, name_of
from classroom.running.kernel_session import INSIDE, KernelLost, KernelSession, TimeIsUp

log = logging.getLogger(__name__)


class NotebookRun:
    """One run of one notebook.

    Args:
        job: The `Job`.
        folder: The folder that the kernel runs in, with its files.
        environment: Its environment, beside what all kernels of notebooks have.

    Attributes:
        notebook: The notebook, whose cells get their outputs.
        kernel: Its `KernelSession`.
        notes: What was odd, in words.
    """

    def __init__(self, job, folder, environment):
        self.job = job
        self.notebook = nbformat.reads(job.notebook, as_version=4)
        self.notes = []
        outputs = CellOutputs(job.bounds.output, self._note)
        self.kernel = KernelSession(job, folder, environment, outputs)
        # Cells that ended the kernel; how often cells were stopped; the last cell.
        self.deadly, self.stopped, self.last = set(), 0, 0

    def _seconds(self, cell):
        """Seconds that a cell may last by the clock, None for what the job says."""

    async def _run_cell(self, number, cell):
        """Runs a cell as nbgrader does, and recovers if it ends the kernel."""
        try:
            reply = await self.kernel.run(cell, self._seconds(cell))
            content = reply["content"]
            failed = content.get("status") != "ok"
            if failed and not any(output.output_type == "error" for output in cell.outputs):
                error = str(content.get("ename", "")), str(content.get("evalue", ""))
                cell.outputs.append(make_error(*error))
        except (TimeIsUp, KernelLost) as error:
            self.stopped += 1
            cell.outputs.append(make_error(type(error).__name__, str(error)))
            await self._recover(number, error)

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
                    await self.kernel.repeat(cell, self._seconds(cell))
            except TimeIsUp:
                continue
            except KernelLost as again:
                return await self._recover(earlier, again, number if end is None else end)
