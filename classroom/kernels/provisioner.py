"""Starts Jupyter kernels that a warm server forks."""

import asyncio
import atexit
import itertools
import json
import os
import signal
import socket
import threading
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

from classroom import sandbox
from classroom.kernels import warm_server

LAUNCHER = "ipykernel_launcher"
# How often, and after how many seconds, a killed or signalled kernel is looked at.
LOOKS, PAUSE = 100, 0.01


class WarmServerError(RuntimeError):
    """The warm server is not there, or could not start a kernel."""


class WarmProvisioner(LocalProvisioner):
    """Starts kernels that are forked from a process which has imported the course's stack.

    Kernelspecs name it `warm`. The server is that of the environment variable `COURSE_WARM`, else
    one of this process's own, started at its first kernel, which ends with it. On a machine where
    kernels cannot be forked, an ordinary kernel is started, and a warning logged.

    `start_kernel(seal=Seal(...))` starts a sealed kernel. Its sockets must lie in `seal.sockets`.
    """

    async def launch_kernel(self, cmd, **options):
        """Starts a kernel and waits until it listens.

        Args:
            cmd: List of the program and its arguments, for a kernel that is not forked.
            **options: `env` and `cwd` as for `subprocess.Popen`; `seal`, a `Seal` or None.

        Returns:
            Jupyter's dictionary of connection information.

        Raises:
            WarmServerError: if there is no server, or it could not start the kernel.
            SandboxError: if the kernel is to be sealed and cannot be forked.
        """
        seal = options.pop("seal", None)
        if not warm_server.can_fork():
            if seal:
                raise sandbox.SandboxError("A sealed kernel needs Linux on x86-64 or ARM.")
            self.log.warning("This machine cannot fork kernels: this one imports all by itself.")
            return await super().launch_kernel(cmd, **options)
        self.cwd = options.get("cwd") or (None if seal else os.getcwd())
        self.process = _find_server().start(
            arguments=cmd[cmd.index(LAUNCHER) + 1 :],
            connection=json.loads(Path(self.parent.connection_file).read_text("utf-8")),
            cwd=self.cwd and str(self.cwd),
            env=options["env"],
            seal=seal and asdict(seal),
        )
        self.pid = await asyncio.wrap_future(self.process.started)
        return self.connection_info

    async def send_signal(self, signum):
        """Sends a signal, and waits until it was sent, so that it hits nothing that comes later."""
        process = self.process
        await super().send_signal(signum)
        while isinstance(process, _Kernel) and process.is_signalled_later():
            await asyncio.sleep(PAUSE)

    async def kill(self, restart=False):
        """Kills the kernel, and waits a second at most until it has ended."""
        await super().kill(restart)
        for _ in range(LOOKS):
            if await self.poll() is not None:
                break
            await asyncio.sleep(PAUSE)


async def wait_until_warm():
    """Waits until the server has imported the stack, which takes as long as the machine needs.

    Raises:
        WarmServerError: if there is no server.
    """
    if warm_server.can_fork():
        await asyncio.wrap_future(_find_server().ready)


class _Kernel:
    """A kernel of a server, with the interface of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, server, number):
        self.server, self.number = server, number
        self.started, self.ended = Future(), Future()
        self.asked = self.sent = 0
        # Whoever gives up waiting for it must not cancel it for others.
        self.started.set_running_or_notify_cancel()

    def poll(self):
        return self.ended.result() if self.ended.done() else None

    def wait(self):
        return self.ended.result()

    def send_signal(self, number):
        self.asked += 1
        self.server.send(kernel=self.number, signal=number)

    def is_signalled_later(self):
        """Whether the server has yet to send a signal that it was asked for."""
        return self.sent < self.asked and self.poll() is None

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


class _Server:
    """The connection of this process to a warm server.

    Args:
        address: Path of the server's socket.

    Raises:
        WarmServerError: if no server listens there.
    """

    def __init__(self, address):
        self.address = address
        self.connection = socket.socket(socket.AF_UNIX)
        try:
            self.connection.connect(address)
        except OSError as error:
            raise WarmServerError(
                f"No warm server listens at {address} ({error.strerror}). Start one by "
                "`classroom.kernels.warm_server.serving`, or unset COURSE_WARM."
            ) from error
        self.lost, self.ready, self._kernels = False, Future(), {}
        # As with kernels, whoever gives up waiting must not cancel it for others.
        self.ready.set_running_or_notify_cancel()
        self._numbers, self._lock = itertools.count(), threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()
        self.send(**warm_server.READY)

    def start(self, **request):
        """Asks for a kernel; returns it as a `_Kernel` at once."""
        kernel = _Kernel(self, next(self._numbers))
        with self._lock:
            if self.lost:
                raise WarmServerError(f"The warm server at {self.address} has ended.")
            self._kernels[kernel.number] = kernel
        self.send(kernel=kernel.number, **request)
        return kernel

    def send(self, **request):
        # A server that is lost has taken its kernels along, which `_listen` tells.
        with self._lock, suppress(OSError):
            self.connection.sendall(json.dumps(request).encode() + b"\n")

    def forget(self):
        """Lets go of the connection in a process that was forked from its owner."""
        os.close(self.connection.detach())

    def _listen(self):
        with suppress(OSError), self.connection.makefile("rb") as replies:
            for line in replies:
                self._hear(**json.loads(line))
        with self._lock:
            self.lost = True
        if not self.ready.done():
            self.ready.set_exception(
                WarmServerError(f"The warm server at {self.address} has ended.")
            )
        for number in list(self._kernels):
            self._hear(number, status=-signal.SIGKILL, said="the warm server has ended")

    def _hear(self, kernel=None, ready=False, pid=None, sent=None, status=None, said=""):
        if ready:
            self.ready.set_result(None)
            return
        if pid is not None:
            self._kernels[kernel].started.set_result(pid)
            return
        if sent is not None:
            self._kernels[kernel].sent += 1
            return
        ended = self._kernels.pop(kernel)
        if not ended.started.done():
            reason = said or f"status {status}"
            ended.started.set_exception(WarmServerError(f"The kernel did not start: {reason}."))
        ended.ended.set_result(status)


_servers, _finding, _own = {}, threading.Lock(), ExitStack()
atexit.register(_own.close)


def _find_server():
    """Returns the `_Server` that this process is to use."""
    address = os.environ.get("COURSE_WARM", "")
    with _finding:
        if address not in _servers or _servers[address].lost:
            _servers[address] = _Server(address or _start_server())
        return _servers[address]


def _start_server():
    _own.close()
    return _own.enter_context(warm_server.start_server())


def _forget_servers():
    global _finding
    _finding = threading.Lock()
    while _servers:
        _servers.popitem()[1].forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_servers)
