"""A kernel for one submission: started, asked, interrupted, and started again when it is lost."""

import asyncio
import contextlib
import functools
import time
from pathlib import Path

import psutil
import zmq

from classroom.cleaning import BoundedSession
from classroom.kernels.provisioner import wait_until_warm
from classroom.kernels.socket_manager import SocketKernelManager, open_channels
from classroom.running import workers
from classroom.sandbox import WORK, Seal

# Seconds that a kernel has to answer an interrupt, and to start.
GRACE = 5
START = 60
# Bytes of one message, and messages that wait to be read. Honest cells print thousands at once, and
# the kernel drops what finds no place; the worker's memory has a limit of its own.
LARGEST_RECEIVED = 32_000_000
MOST_MESSAGES = 20_000
# Share of a processor below which a cell counts as one that waits.
IDLE = 0.1
EVERYWHERE = {
    "NBGRADER_EXECUTION": "autograde",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
INSIDE = "__import__('classroom.checks.kernel_side', fromlist=['_'])"


class KernelLost(Exception):
    """The kernel died or no longer answers."""


class KernelDied(KernelLost):
    """The kernel died, whoever is to blame."""


class TimeIsUp(Exception):
    """A cell took longer, or wrote more, than it may."""


class KernelSession:
    """A kernel for one submission.

    Args:
        job: The `Job`.
        folder: The folder that the kernel runs in, with its files.
        environment: Its environment, beside what all kernels of notebooks have.
        outputs: The `CellOutputs`.
    """

    def __init__(self, job, folder, environment, outputs):
        self.job, self.folder, self.outputs = job, Path(folder), outputs
        self.environment = {**EVERYWHERE, **environment}
        self.manager, self.client = None, None
        self.deadline = time.monotonic() + job.bounds.notebook
        # Seconds of the request that took longest.
        self.slowest = 0.0

    @property
    def is_open(self):
        """Whether there is a kernel, as far as is known."""
        return self.client is not None

    async def has_died(self):
        """Whether the kernel has died since its last reply."""
        return self.is_open and await self.manager.provisioner.poll() is not None

    async def start(self):
        """Starts a kernel. The time that a warm server takes to import the stack counts nowhere.

        Raises:
            RuntimeError: if none starts in time.
        """
        before = time.monotonic()
        await wait_until_warm()
        self.deadline += time.monotonic() - before
        self.manager = SocketKernelManager(kernel_name="course", session=BoundedSession())
        try:
            await asyncio.wait_for(self._start_sealed(), START)
        except asyncio.TimeoutError:
            await self.stop()
            raise RuntimeError(f"The kernel did not start within {START} s.") from None

    async def _start_sealed(self):
        seal = None
        if self.job.sealed:
            seal = Seal(
                self.manager.sockets,
                files=tuple(map(str, self.folder.iterdir())),
                devices=tuple(map(str, Path("/dev").glob("nvidia*"))) if self.job.gpus else (),
                cores=workers.cores(),
                limits=self.job.limits,
            )
        folder = WORK if self.job.sealed else str(self.folder)
        await self.manager.start_kernel(cwd=folder, env=self.environment, seal=seal)
        self.client = self.manager.client()
        self.client.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_RECEIVED)
        self.client.context.setsockopt(zmq.RCVHWM, MOST_MESSAGES)
        await open_channels(self.client, START)
        await self.client.execute_interactive(
            f"{INSIDE}.prepare({self.job.bounds.output + 1})",
            silent=True,
            allow_stdin=False,
        )

    async def stop(self):
        """Ends the kernel; nothing can be run then."""
        if self.client is not None:
            self.client.stop_channels()
            self.client = None
        if self.manager is not None and self.manager.has_kernel:
            await self.manager.shutdown_kernel(now=True)
        if self.manager is not None:
            self.manager.cleanup_connection_file()

    async def run(self, cell, seconds=None):
        """Runs a cell, whose outputs are kept in it.

        Args:
            cell: The cell.
            seconds: How long it may last by the clock, instead of what it may use up.

        Returns:
            The kernel's reply.

        Raises:
            TimeIsUp: if it took longer, or wrote more, than it may.
            KernelLost: if there is no kernel any more.
        """
        return await self._request_in_time(cell.source, cell, seconds=seconds)

    async def repeat(self, cell, seconds=None):
        """Runs a cell as `run` does, but keeps no outputs."""
        return await self._request_in_time(cell.source, None, seconds=seconds)

    async def ask(self, question):
        """Asks for the value of an expression.

        Args:
            question: The expression, in Python.

        Returns:
            The kernel's reply, whose content holds the value's display under `"answer"`.

        Raises:
            TimeIsUp: as `run`.
            KernelLost: as `run`.
        """
        return await self._request_in_time("", None, {"answer": question})

    async def _request_in_time(self, code, cell, expressions=None, seconds=None):
        if self.client is None:
            raise KernelLost("Not run: the kernel could not be started again.")
        if time.monotonic() > self.deadline:
            raise TimeIsUp("Not run: the time of the notebook was used up.")
        start = time.monotonic()
        try:
            return await self._request(code, cell, expressions, seconds)
        finally:
            self.slowest = max(self.slowest, time.monotonic() - start)

    async def _request(self, code, cell, expressions, seconds):
        """Sends code to the kernel; returns its reply.

        Raises:
            TimeIsUp: if it was interrupted.
            KernelLost: if the kernel died or did not let itself be interrupted.
        """
        self.outputs.begin()
        asking = asyncio.ensure_future(
            self.client.execute_interactive(
                code,
                silent=expressions is not None,
                store_history=expressions is None,
                user_expressions=expressions,
                allow_stdin=False,
                stop_on_error=False,
                output_hook=functools.partial(self.outputs.hear, cell),
            )
        )
        dying = asyncio.ensure_future(self.manager.provisioner.wait())
        flooding = asyncio.ensure_future(self.outputs.flood.wait())
        clock = asyncio.ensure_future(
            asyncio.sleep(seconds, seconds) if seconds else self._wait_until_used_up()
        )
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
                raise TimeIsUp(
                    f"The code ran longer than {clock.result():.0f} s. Does a loop never end?"
                )
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


def _processor_seconds(pid):
    """Processor time of a process and of all that it started, in seconds."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        kernel = psutil.Process(pid)
        for process in (kernel, *kernel.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += sum(process.cpu_times()[:4])
    return total
