"""Running one submission: its code in a kernel of its own, the verdicts in another process."""

import ast
import asyncio
import contextlib
import functools
import logging
import math
import tempfile
import threading
import time
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

import nbformat
import psutil
import zmq
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade, is_grade, is_solution

from classroom.checks import hidden
from classroom.checks.judge import Judge
from classroom.cleaning import BoundedSession, clean_output, make_error
from classroom.grading import workers
from classroom.kernels.socket_manager import SocketKernelManager, open_channels
from classroom.reasons import NOT_IMPLEMENTED
from classroom.results.outcomes import CellOutcome
from classroom.sandbox import HOME, WORK, Limits, Seal

log = logging.getLogger(__name__)
_idle, _lending = {}, threading.Lock()

# Seconds that a kernel has to answer an interrupt, and to start.
GRACE = 5
START = 60
# Bytes of one message, and messages that wait to be read. Honest cells print thousands at once, and
# the kernel drops what finds no place; the worker's memory has a limit of its own.
LARGEST_RECEIVED = 32_000_000
MOST_MESSAGES = 20_000
# Share of a processor below which a cell counts as one that waits.
IDLE = 0.1
# Characters of a result from which nbgrader takes a test's points.
LONGEST_SCORE = 100
# The modules that cells call checks from; in the second, those that older gradebooks hold.
CHECKS = ("classroom.checks", "course_lib.classroom.checks")
MORE_THAN_CHECKS = (
    "The cell {!r} calls a hidden check and does more: {}. Expected is nothing but "
    "`check(LAB, TASK, globals())`, with a seed as its fourth argument or without; give what else "
    "it does a cell of its own."
)
INSIDE = "__import__('classroom.checks.kernel_side', fromlist=['_'])"


@dataclass(frozen=True)
class Bounds:
    """What a submission may use up.

    Attributes:
        cell: Seconds of processor time of a cell, with all that it starts; one that gets less than
            a tenth of a processor may last as long.
        notebook: Seconds of the whole notebook, restarts of its kernel included.
        output: Characters of a cell's output that are kept, a tenth of those of a notebook; the
            cell is interrupted at a hundred times as many.
    """

    cell: float = 120
    notebook: float = 900
    output: int = 200_000


@dataclass(frozen=True)
class Job:
    """One submission to run.

    Attributes:
        notebook: The sanitized notebook, as JSON.
        checks: Source of the lab's hidden checks.
        seed: Seed of the hidden inputs.
        files: Files that lie beside the notebook, by their relative paths.
        sealed: Whether its kernel is sealed off.
        bounds: What it may use up.
        limits: What its processes may use up.
        gpus: Part of a GPU that it needs.
    """

    notebook: str
    checks: str
    seed: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    sealed: bool = True
    bounds: Bounds = field(default_factory=Bounds)
    limits: Limits = field(default_factory=Limits)
    gpus: float = 0


@dataclass(frozen=True)
class Executed:
    """A submission that was run.

    Attributes:
        notebook: The executed notebook, as JSON; its test cells hold the verdicts as outputs.
        seconds: Time that it took.
        cells: What became of each graded cell.
        notes: What was odd, in words.
    """

    notebook: str
    seconds: float
    cells: dict[str, CellOutcome]
    notes: list[str]


class KernelLost(Exception):
    """The kernel died or no longer answers."""


class KernelDied(KernelLost):
    """The kernel died, whoever is to blame."""


class TimeIsUp(Exception):
    """A cell took longer, or wrote more, than it may."""


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
        tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True) as folder,
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
        self.job, self.folder, self.environment, self.judge = job, folder, environment, judge
        self.notebook = nbformat.reads(job.notebook, as_version=4)
        self.outcomes, self.notes = {}, []
        # Cells that ended the kernel; how often cells were stopped; the last cell.
        self.deadly, self.stopped, self.last = set(), 0, 0
        self.manager, self.client = None, None
        # What the cell sent and what is kept of it; what is kept of the notebook.
        self.written, self.shown, self.kept = 0, 0, 0
        self.flood = asyncio.Event()
        self.most_written = 100 * job.bounds.output
        self.deadline = math.inf

    async def execute(self):
        start = time.monotonic()
        self.deadline = start + self.job.bounds.notebook
        later, before = [], 0
        try:
            await self._start()
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
            await self._stop()
        seconds = time.monotonic() - start
        return Executed(nbformat.writes(self.notebook), seconds, self.outcomes, self.notes)

    async def _run_cell(self, number, cell):
        """Runs a cell as nbgrader does. If it is graded, its outputs decide on its points."""
        start = time.monotonic()
        try:
            reply = await self._request_in_time(cell.source, cell)
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
            self._conclude(cell, start, _read_reason(cell), judged=False)

    async def _keep(self, cell):
        """Lets the kernel keep what is defined where a check stands; it is run later."""
        question = f"{INSIDE}.keep({_name(cell)!r}, globals())"
        with contextlib.suppress(TimeIsUp, KernelLost):
            await self._request_in_time("", None, {"kept": question})

    async def _bury(self, number, end=None):
        """Recovers from a death that came after the last reply: the cell before has caused it."""
        if self.client is not None and await self.manager.provisioner.poll() is not None:
            await self._recover(self.last, KernelLost("The kernel died."), end or number)
        self.last = number

    async def _check_cell(self, number, cell, tasks):
        """Runs the hidden checks of a cell; all of its points are the judge's to give."""
        start, verdicts = time.monotonic(), []
        for task, seed in tasks:
            seed = self.job.seed if seed is None else seed
            verdicts.append(await self._check(task, seed, number, _name(cell)))
        verdict = hidden.Verdict(
            min(verdict.share for verdict in verdicts),
            list(dict.fromkeys(word for verdict in verdicts for word in verdict.unmet)),
        )
        _write_verdict(cell, verdict)
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
                return await self._request_in_time("", None, {"answer": question})
            except (TimeIsUp, KernelLost) as error:
                await self._recover(number, error, len(self.notebook.cells))
                if last or not isinstance(error, KernelDied):
                    return str(error)

    async def _request_in_time(self, code, cell, expressions=None):
        if self.client is None:
            raise KernelLost("Not run: the kernel could not be started again.")
        if time.monotonic() > self.deadline:
            raise TimeIsUp("Not run: the time of the notebook was used up.")
        return await self._request(code, cell, expressions)

    async def _request(self, code, cell, expressions=None):
        """Sends code to the kernel; returns its reply.

        Raises:
            TimeIsUp: if it was interrupted.
            KernelLost: if the kernel died or did not let itself be interrupted.
        """
        self.written, self.shown = 0, 0
        self.flood.clear()
        asking = asyncio.ensure_future(
            self.client.execute_interactive(
                code,
                silent=expressions is not None,
                store_history=expressions is None,
                user_expressions=expressions,
                allow_stdin=False,
                stop_on_error=False,
                output_hook=functools.partial(self._hear, cell),
            )
        )
        dying = asyncio.ensure_future(self.manager.provisioner.wait())
        flooding = asyncio.ensure_future(self.flood.wait())
        clock = asyncio.ensure_future(self._wait_until_used_up())
        try:
            await asyncio.wait({asking, dying, flooding, clock}, return_when="FIRST_COMPLETED")
            interrupted = not (asking.done() or dying.done())
            if interrupted:
                await self.manager.interrupt_kernel()
                await asyncio.wait({asking, dying}, timeout=GRACE, return_when="FIRST_COMPLETED")
            if dying.done():
                raise KernelDied("The kernel died.")
            if not asking.done():
                raise KernelLost("The code ran too long and ignored the interrupt.")
            if flooding.done():
                raise TimeIsUp("The code wrote too much and was interrupted.")
            if interrupted:
                raise TimeIsUp(f"The code ran longer than {clock.result():.0f} s.")
            if isinstance(damage := asking.exception(), Exception):
                raise KernelLost("The kernel sent what cannot be read.") from damage
            return asking.result()
        finally:
            for task in (asking, dying, flooding, clock):
                task.cancel()

    async def _wait_until_used_up(self):
        """Waits until a cell has used up its processor time, or does nothing for as long.

        Returns:
            Seconds that it was given.
        """
        start, most = time.monotonic(), self.job.bounds.cell
        first = min(1.0, most)
        await asyncio.sleep(min(first, max(0.0, self.deadline - start)))
        before = _processor_seconds(self.manager.provisioner.pid)
        while (now := time.monotonic()) < self.deadline:
            used = _processor_seconds(self.manager.provisioner.pid) - before + first
            if used >= most or (now >= start + most and used < IDLE * (now - start)):
                return most
            await asyncio.sleep(min(1.0, most - used, self.deadline - now))
        return max(0.0, self.deadline - start)

    def _hear(self, cell, message):
        """Keeps what a cell shows, up to a bound."""
        before, bound = self.written, self.job.bounds.output
        self.written += message.get("size", 0)
        if before <= self.most_written < self.written:
            self.flood.set()
        if cell is None:
            return
        if message["msg_type"] == "clear_output":
            cell.outputs.clear()
            self.kept -= self.shown
            self.shown = 0
        output = clean_output(message["msg_type"], message["content"])
        if output is None:
            return
        size = len(output.get("text", "")) or len(str(output))
        left = min(bound - self.shown, 10 * bound - self.kept)
        if size > left:
            self._note(f"The output of cell {_name(cell)} was cut after {bound:,} characters.")
            if "text" in output:
                output.text = output.text[: max(0, left)]
            elif _is_score(cell, output):
                # nbgrader takes a part of a test's points from it.
                output.data = {"text/plain": output.data["text/plain"][:LONGEST_SCORE]}
            else:
                return
        self.shown += min(size, max(0, left))
        self.kept += min(size, max(0, left))
        _append(cell.outputs, output)

    def _note(self, words):
        if words not in self.notes:
            self.notes.append(words)

    async def _start(self):
        """Starts a kernel, or raises `RuntimeError`."""
        self.manager = SocketKernelManager(kernel_name="course", session=BoundedSession())
        try:
            await asyncio.wait_for(self._start_sealed(), START)
        except asyncio.TimeoutError:
            await self._stop()
            raise RuntimeError(f"The kernel did not start within {START} s.") from None

    async def _start_sealed(self):
        folders = {name: str(Path(self.folder, name)) for name in ("work", "home")}
        seal = None
        if self.job.sealed:
            folders = {"work": WORK, "home": HOME}
            seal = Seal(
                self.manager.sockets,
                files=tuple(map(str, Path(self.folder, "work").iterdir())),
                devices=tuple(map(str, Path("/dev").glob("nvidia*"))) if self.job.gpus else (),
                cores=workers.cores(),
                limits=self.job.limits,
            )
        environment = self._environment(folders["home"])
        await self.manager.start_kernel(cwd=folders["work"], env=environment, seal=seal)
        self.client = self.manager.client()
        self.client.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_RECEIVED)
        self.client.context.setsockopt(zmq.RCVHWM, MOST_MESSAGES)
        await open_channels(self.client, START)
        await self.client.execute_interactive(
            f"{INSIDE}.prepare({self.job.bounds.output + 1})",
            silent=True,
            allow_stdin=False,
        )

    def _environment(self, home):
        """The kernel's environment: nothing of the grader's own."""
        return {
            "HOME": home,
            "TMPDIR": home,
            "IPYTHONDIR": f"{home}/.ipython",
            "MPLCONFIGDIR": home,
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "NBGRADER_EXECUTION": "autograde",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "TF_NUM_INTRAOP_THREADS": "1",
            "TF_NUM_INTEROP_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            **self.environment,
        }

    async def _stop(self):
        if self.client is not None:
            self.client.stop_channels()
            self.client = None
        if self.manager is not None and self.manager.has_kernel:
            await self.manager.shutdown_kernel(now=True)
        if self.manager is not None:
            self.manager.cleanup_connection_file()

    async def _recover(self, number, error, end=None):
        """Starts a lost kernel again and runs what came before, without the cell that ended it.

        Args:
            number: Number of that cell.
            error: What happened; nothing is done if the kernel is still there.
            end: Number of cells that came before, if others than those above it.
        """
        if not isinstance(error, KernelLost) or self.client is None:
            return
        self.deadly.add(number)
        self._note(f"The kernel ended in cell {_name(self.notebook.cells[number])}: {error}")
        await self._stop()
        try:
            await self._start()
        except Exception:
            log.exception("A kernel could not be started again")
            self._note("The kernel could not be started again.")
            return await self._stop()
        for earlier, cell in enumerate(self.notebook.cells[: number if end is None else end]):
            if cell.cell_type != "code":
                continue
            try:
                if find_checks(cell):
                    await self._keep(cell)
                elif earlier not in self.deadly and (not is_grade(cell) or is_solution(cell)):
                    await self._request_in_time(cell.source, None)
            except TimeIsUp:
                continue
            except KernelLost as again:
                return await self._recover(earlier, again, number if end is None else end)


def _is_score(cell, output):
    """Whether nbgrader can take a test's points from an output; one such output is enough."""
    if not is_grade(cell) or output.output_type != "execute_result":
        return False
    is_another = cell.outputs and cell.outputs[-1].output_type == "execute_result"
    return not is_another and bool(output.data.get("text/plain"))


def find_checks(cell):
    """Finds the hidden checks of a graded cell, its calls of `check(lab, task, globals(), seed)`.

    Args:
        cell: The cell.

    Returns:
        List of pairs of a task and a seed, None if it names none; empty if it calls no check.

    Raises:
        ValueError: if the cell does more than call checks, or calls them in another way.
    """
    calls = any(f"from {module} import" in cell.source for module in CHECKS)
    if not is_grade(cell) or is_solution(cell) or not calls:
        return []
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError as error:
        raise ValueError(MORE_THAN_CHECKS.format(_name(cell), error)) from error
    tasks = []
    for statement in statements:
        match statement:
            case ast.Expr(ast.Call(ast.Name("check"), [_, ast.Constant(str(task)), _], [])):
                tasks.append((task, None))
            case ast.Expr(
                ast.Call(
                    ast.Name("check"), [_, ast.Constant(str(task)), _, ast.Constant(int(seed))], []
                )
            ):
                tasks.append((task, seed))
            case ast.ImportFrom(module) if module in CHECKS:
                pass
            case _:
                raise ValueError(MORE_THAN_CHECKS.format(_name(cell), ast.unparse(statement)))
    return tasks


def _name(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)


def _append(outputs, output):
    """Adds an output; what is printed piece by piece becomes one."""
    last = outputs[-1] if outputs else {}
    if output.output_type == "stream" and last.get("name") == output.name:
        last.text += output.text
    elif output.get("text") != "":
        outputs.append(output)


def _processor_seconds(pid):
    """Processor time of a process and of all that it started, in seconds."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        kernel = psutil.Process(pid)
        for process in (kernel, *kernel.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += sum(process.cpu_times()[:4])
    return total


def read_score(cell):
    """Reads a graded cell's score as nbgrader does, but words on stderr cost no points.

    Args:
        cell: The executed cell.

    Returns:
        Its score, None if a person has to grade it, and its points.
    """
    said = [output for output in cell.get("outputs", []) if output.get("name") != "stderr"]
    return determine_grade(nbformat.from_dict({**cell, "outputs": said}), log)


def _read_reason(cell):
    """Says why a cell that was run as nbgrader does lost points."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:
        score, points = read_score(cell)
        return "" if score == points else "The test gives a part of its points."
    name, message = errors[0].ename, errors[0].evalue
    if name == "NotImplementedError" and not message:
        return NOT_IMPLEMENTED
    if name in ("AssertionError", TimeIsUp.__name__, KernelLost.__name__, KernelDied.__name__):
        return message or "The test fails."
    return f"{name}: {message}"


def _write_verdict(cell, verdict):
    """Writes a verdict as the output from which nbgrader takes the cell's points."""
    words = "\n".join(verdict.unmet)
    if verdict.share == 0:
        cell.outputs.append(make_error("RequirementNotMet", words))
    elif verdict.share < 1:
        points = verdict.share * cell.metadata.nbgrader.points
        cell.outputs.insert(0, new_output("execute_result", data={"text/plain": f"{points:.12g}"}))
        cell.outputs.append(new_output("stream", name="stdout", text=words))
