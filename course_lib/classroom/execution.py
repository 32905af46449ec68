"""Running one submission: its code in a kernel of its own, the verdicts in this process."""

import ast
import asyncio
import builtins
import contextlib
import functools
import secrets
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import zmq
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat.v4 import new_output
from nbgrader.utils import is_grade, is_solution

from course_lib.classroom import checks, cluster, wire
from course_lib.classroom.assertions import rewrite
from course_lib.classroom.kernels import SocketKernelManager, open_channels
from course_lib.classroom.outcomes import CellOutcome
from course_lib.classroom.sandbox import SCRATCH, Limits, Seal

# Seconds that a kernel has to answer an interrupt, and to start.
GRACE = 5
START = 60
LARGEST_MESSAGE = 128_000_000
NOT_IMPLEMENTED = "The task is not implemented."
ASK = (
    "(lambda f: f.__builtins__['__import__']('sys').modules[{guard!r}]"
    ".{function}({arguments}f.__globals__))(lambda: 0)"
)


@dataclass(frozen=True)
class Bounds:
    """What a submission may use up.

    Attributes:
        cell: Seconds of a cell.
        notebook: Seconds of the whole notebook, restarts of its kernel included.
        output: Characters of a cell's output that are kept; the cell is interrupted at a hundred
            times as many.
        restarts: How often its kernel is started again after it died or hung.
    """

    cell: float = 120
    notebook: float = 900
    output: int = 200_000
    restarts: int = 3


@dataclass(frozen=True)
class Job:
    """One submission to run.

    Attributes:
        student: Identifier of the student.
        notebook: The sanitized notebook, as JSON.
        checks: Source of the lab's hidden checks.
        files: Files that lie beside the notebook, by their relative paths.
        sealed: Whether its kernel is sealed off.
        bounds: What it may use up.
        limits: What each of its processes may use up.
        gpus: Part of a GPU that it needs.
    """

    student: str
    notebook: str
    checks: str
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
        suspicions: What its code did to influence the grading, in words.
    """

    notebook: str
    seconds: float
    cells: dict[str, CellOutcome]
    notes: list[str]
    suspicions: list[str]


class KernelLost(Exception):
    """The kernel died or no longer answers."""


class TimeIsUp(Exception):
    """A cell took longer, or wrote more, than it may."""


def execute(job):
    """Runs a submission.

    Args:
        job: A `Job`.

    Returns:
        An `Executed`.
    """
    with tempfile.TemporaryDirectory(prefix="submission-") as folder:
        for name, content in job.files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with cluster.gpu(job.gpus) as environment:
            return asyncio.run(_Run(job, folder, environment).execute())


class _Run:
    """One run of one submission."""

    def __init__(self, job, folder, environment):
        self.job, self.folder, self.environment = job, folder, environment
        self.notebook = nbformat.reads(job.notebook, as_version=4)
        self.reader = NotebookClient(self.notebook, record_timing=False)
        self.reader.clear_before_next_output = False
        self.checks = checks.load(job.checks)
        self.outcomes, self.notes, self.suspicions = {}, [], []
        self.deadly, self.restarts = set(), 0
        self.written, self.client = 0, None
        self.most_written = 100 * job.bounds.output

    async def execute(self):
        start = time.monotonic()
        self.deadline = start + self.job.bounds.notebook
        try:
            await self._start()
            for number, cell in enumerate(self.notebook.cells):
                if cell.cell_type == "code":
                    await self._execute_cell(number, cell)
        finally:
            await self._stop()
        return Executed(
            nbformat.writes(self.notebook),
            time.monotonic() - start,
            self.outcomes,
            self.notes,
            self.suspicions,
        )

    async def _execute_cell(self, number, cell):
        start = time.monotonic()
        tested = is_grade(cell) and not is_solution(cell)
        cell.outputs = []
        try:
            if self.client is None:
                raise KernelLost("Not run: the kernel died too often.")
            if start > self.deadline:
                raise TimeIsUp("Not run: the time of the notebook was used up.")
            verdict = await (self._test(cell) if tested else self._run(cell))
        except (TimeIsUp, KernelLost) as error:
            verdict = checks.Verdict(0.0, [str(error)])
            if isinstance(error, KernelLost) and self.client is not None:
                self.deadly.add(number)
                await self._recover(number, error)
            elif not tested:
                cell.outputs.append(_error(type(error).__name__, str(error)))
        if tested:
            _write_verdict(cell, verdict)
            reason = "\n".join(verdict.unmet)
            name = cell.metadata.nbgrader.grade_id
            self.outcomes[name] = CellOutcome(round(time.monotonic() - start, 3), reason)

    async def _run(self, cell):
        """Runs a cell that is not graded by a test."""
        reply = await self._request(cell.source, cell)
        content = reply["content"]
        if content["status"] == "error" and not any(
            output.output_type == "error" for output in cell.outputs
        ):
            cell.outputs.append(_error(content["ename"], content["evalue"]))

    async def _test(self, cell):
        """Runs a test cell; returns its `Verdict`."""
        rest, tasks = split(cell.source)
        verdicts = []
        if rest:
            verdicts.append(await self._visible(cell, rest))
        for task, seed in tasks:
            verdicts.append(await self._hidden(self.checks[task], seed))
        shares = [verdict.share for verdict in verdicts] or [1.0]
        return checks.Verdict(min(shares), [word for v in verdicts for word in v.unmet])

    async def _visible(self, cell, source):
        record = f"_{secrets.token_hex(8)}"
        rewritten = rewrite(source, record)
        answer = await self._ask(cell, "run_test", rewritten.source, record)
        if answer is None:
            return checks.Verdict(0.0, ["The test got no answer that could be read."])
        error, found = answer["error"], answer["found"]
        if error is not None:
            return checks.Verdict(0.0, [_describe(*error)])
        if answer["tampering"]:
            return checks.Verdict(0.0, ["The notebook interferes with the test."])
        if any(found.get(str(number)) is not met for number, met in rewritten.expected.items()):
            self._suspect(["answers a test without running it"])
            return checks.Verdict(0.0, ["The notebook interferes with the test."])
        points = cell.metadata.nbgrader.points
        if answer["value"] is None or not 0 < answer["value"] < points:
            return checks.Verdict(1.0, [])
        return checks.Verdict(answer["value"] / points, ["The test gives a part of its points."])

    async def _hidden(self, this, seed):
        given = checks.make_inputs(this, seed)
        answer = await self._ask(None, "run_check", this.run_source, wire.encode(given))
        if answer is None:
            return checks.Verdict(0.0, ["The check got no answer that could be read."])
        if answer["error"] is not None:
            name = answer["error"][0]
            if name == "NotImplementedError":
                return checks.Verdict(0.0, [NOT_IMPLEMENTED])
            known = isinstance(getattr(builtins, name, None), type)
            raised = f"raises {name}" if known else "raises an error"
            return checks.Verdict(0.0, [f"Your code {raised} on other inputs."])
        return checks.judge(this, given, answer["returned"])

    async def _ask(self, cell, function, *arguments):
        """Calls a function of `inside` in the kernel; returns its answer, or None."""
        text = "".join(f"{argument!r}, " for argument in arguments)
        question = ASK.format(guard=self.guard, function=function, arguments=text)
        expressions = {"answer": question}
        reply = await self._request("", cell, expressions)
        answer = reply["content"].get("user_expressions", {}).get("answer", {})
        try:
            text = answer["data"]["text/plain"]
            if len(text) > wire.LARGEST:
                raise ValueError(f"{len(text):,} characters")
            decoded = wire.decode(ast.literal_eval(text))
            self._suspect(decoded["suspicions"])
            return {"error": None, "found": {}, "value": None, "tampering": [], **decoded}
        except Exception as error:
            self.notes.append(f"An answer of the kernel could not be read: {type(error).__name__}.")
            return None

    def _suspect(self, words):
        self.suspicions += [
            str(word)[:200] for word in words if str(word)[:200] not in self.suspicions
        ][:20]

    async def _request(self, code, cell, expressions=None):
        """Sends code to the kernel; returns its reply.

        Raises:
            TimeIsUp: if it was interrupted.
            KernelLost: if the kernel died or did not let itself be interrupted.
        """
        self.written, self.flood = 0, asyncio.Event()
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
        seconds = max(0.0, min(self.job.bounds.cell, self.deadline - time.monotonic()))
        try:
            ends = {asking, dying, flooding}
            await asyncio.wait(ends, timeout=seconds, return_when="FIRST_COMPLETED")
            interrupted = not (asking.done() or dying.done())
            if interrupted:
                await self.manager.interrupt_kernel()
                await asyncio.wait({asking, dying}, timeout=GRACE, return_when="FIRST_COMPLETED")
            if dying.done():
                raise KernelLost("The kernel died.")
            if not asking.done():
                raise KernelLost("The code ran too long and ignored the interrupt.")
            if flooding.done():
                raise TimeIsUp("The code wrote too much and was interrupted.")
            if interrupted:
                raise TimeIsUp(f"The code ran longer than {seconds:.0f} s and was interrupted.")
            return asking.result()
        finally:
            for task in (asking, dying, flooding):
                task.cancel()

    def _hear(self, cell, message):
        """Keeps what a cell shows, up to a bound."""
        content = message["content"]
        if cell is None:
            return
        if message["msg_type"] in ("error", "execute_result") and is_grade(cell):
            self._suspect(["sends a result in the place of a test's"])
            return
        size = len(str(content.get("text", content.get("data", ""))))
        bound, before = self.job.bounds.output, self.written
        self.written += size
        if self.written > bound:
            if before <= bound:
                name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
                self.notes.append(f"The output of cell {name} was cut after {bound:,} characters.")
            if "text" not in content:
                return
            content["text"] = content["text"][: max(0, bound - before)]
            if before <= self.most_written < self.written:
                self.flood.set()
        with contextlib.suppress(CellExecutionComplete):
            self.reader.process_message(message, cell, 0)

    async def _start(self):
        self.manager = SocketKernelManager(kernel_name="course")
        seal = None
        if self.job.sealed:
            seal = Seal(
                self.manager.sockets,
                files=tuple(map(str, Path(self.folder).iterdir())),
                devices=tuple(map(str, Path("/dev").glob("nvidia*"))) if self.job.gpus else (),
                limits=self.job.limits,
            )
        await self.manager.start_kernel(
            cwd=SCRATCH if seal else self.folder, env=self._environment(), seal=seal
        )
        self.client = self.manager.client()
        self.client.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        await open_channels(self.client, START)
        self.guard = f"_{secrets.token_hex(8)}"
        await self.client.execute_interactive(
            "import course_lib.classroom.inside as _; "
            f"_.cut_streams({self.most_written}); _.guard({self.guard!r}); del _",
            silent=True,
            allow_stdin=False,
        )

    def _environment(self):
        """The kernel's environment: nothing of the grader's own."""
        home = SCRATCH if self.job.sealed else self.folder
        return {
            "HOME": home,
            "TMPDIR": home,
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
        if self.manager.has_kernel:
            await self.manager.shutdown_kernel(now=True)

    async def _recover(self, number, error):
        """Starts the kernel again and runs what came before, without the cell that ended it."""
        self.restarts += 1
        cell = self.notebook.cells[number]
        if not is_grade(cell):
            cell.outputs.append(_error(type(error).__name__, str(error)))
        name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
        self.notes.append(f"The kernel ended in cell {name}: {error}")
        await self._stop()
        if self.restarts > self.job.bounds.restarts:
            return
        await self._start()
        for earlier, cell in enumerate(self.notebook.cells[:number]):
            tested = is_grade(cell) and not is_solution(cell)
            if cell.cell_type == "code" and not tested and earlier not in self.deadly:
                try:
                    await self._request(cell.source, None)
                except TimeIsUp:
                    continue
                except KernelLost as again:
                    self.deadly.add(earlier)
                    return await self._recover(number, again)


def split(source):
    """Splits a test cell into what is not a hidden check, and the hidden checks.

    Args:
        source: Source of the cell.

    Returns:
        The source without its calls of `check(lab, task, globals(), seed)` and their import, and a
        list of pairs of a task and a seed.
    """
    rest, tasks = [], []
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "check":
            seed = ast.literal_eval(call.args[3]) if len(call.args) > 3 else 0
            tasks.append((ast.literal_eval(call.args[1]), seed))
        elif (
            not isinstance(statement, ast.ImportFrom)
            or statement.module != "course_lib.classroom.checks"
        ):
            rest += lines[statement.lineno - 1 : statement.end_lineno]
    return "\n".join(rest), tasks


def _describe(name, message):
    if name == "AssertionError":
        return message or "The test fails."
    if name == "NotImplementedError" and not message:
        return NOT_IMPLEMENTED
    return f"{name}: {message}"


def _error(name, message):
    return new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])


def _write_verdict(cell, verdict):
    """Writes a verdict as the output from which nbgrader takes the cell's points."""
    words = "\n".join(verdict.unmet)
    cell.outputs = [output for output in cell.outputs if output.output_type != "error"]
    if verdict.share == 0:
        cell.outputs.append(_error("RequirementNotMet", words))
    elif verdict.share < 1:
        points = verdict.share * cell.metadata.nbgrader.points
        cell.outputs.insert(0, new_output("execute_result", data={"text/plain": f"{points:g}"}))
        cell.outputs.append(new_output("stream", name="stdout", text=words))
