"""A server that has imported the course's stack and forks kernels from itself.

`python -m classroom.kernels.fork_server SOCKET NOTEBOOKS` listens on a Unix socket in a folder of
its own user. It has a single thread, runs no operation and touches no GPU, so that it can be forked
safely and a kernel still chooses its threads and devices.

Requests and replies are lines of JSON. A client numbers its kernels:

- `{"ready": true}` is answered by the same once the server has imported the stack.
- `{"kernel": 1, "arguments": [...], "connection": {...}, "cwd": "/work", "env": {...}, "seal":
  null}` starts a kernel. The reply is `{"kernel": 1, "pid": 42}` once it listens, and
  `{"kernel": 1, "status": -9, "said": ""}` once it has ended, at the latest when it is told so.
- `{"kernel": 1, "signal": 2}` sends a signal to the kernel's process group. The reply
  `{"kernel": 1, "sent": 2}` says that it was sent.

When a client's connection ends, so do its kernels; the server ends with its standard input, which
its starter holds. A server that lasts (`lasting_server`) outlives its starter. It ends once it had
no client for some minutes, or was told `{"retire": true}` and its last client has gone.
"""

import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from classroom.kernels import scratch
from classroom.kernels.warm_server import READY, STARTED
from classroom.sandbox import linux

# What is read when libraries are imported. A process with more threads than one cannot be forked
# safely; kernels get theirs later.
BEFORE_IMPORT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "1",
}
# Seconds that a client may leave a reply unread.
PATIENCE = 10


@dataclass(eq=False)
class _Client:
    connection: socket.socket
    told: bytes = b""
    kernels: dict = field(default_factory=dict)

    def tell(self, **reply):
        try:
            self.connection.sendall(json.dumps(reply).encode() + b"\n")
        except OSError:
            # Whoever does not read is taken for dead.
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)


@dataclass(eq=False)
class _Kernel:
    client: _Client
    number: int
    pid: int
    ending: int
    report: int
    said: bytes = b""

    def signal(self, number):
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            # It has no group of its own yet, or has ended and waits to be asked how.
            os.kill(self.pid, number)


class _Server:
    """The server.

    Args:
        listener: The socket that it listens on.
        idle: Seconds without a client after which it ends; if None, it ends with its starter.
    """

    def __init__(self, listener, idle=None):
        self.selector = selectors.DefaultSelector()
        self.clients = set()
        self.listener, self.idle = listener, idle
        self._watch(listener, self._accept)
        if idle is None:
            self._watch(sys.stdin, self._end)

    def _watch(self, file, react, *arguments):
        self.selector.register(file, selectors.EVENT_READ, lambda: react(*arguments))

    def serve(self):
        """Answers until the starter has ended, or nobody has asked for long.

        Returns:
            A request for a kernel, in the process that was forked for it.
        """
        while True:
            events = self.selector.select(None if self.clients else self.idle)
            if not events:
                self._end()
            for key, _ in events:
                # An event before may have been the last of this one.
                if self.selector.get_map().get(key.fd) is key:
                    request = key.data()
                    if request:
                        return request

    def _accept(self):
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE)
        client = _Client(connection)
        self.clients.add(client)
        self._watch(connection, self._hear, client)

    def _hear(self, client):
        told = b""
        with suppress(OSError):
            told = client.connection.recv(2**16)
        *lines, client.told = (client.told + told).split(b"\n")
        try:
            for request in map(json.loads, lines):
                if request == READY:
                    client.tell(**READY)
                    continue
                if "retire" in request:
                    self.retire()
                    continue
                kernel = client.kernels.get(request["kernel"])
                if "signal" not in request:
                    if self._fork(client, request["kernel"]):
                        return request
                elif kernel:
                    kernel.signal(request["signal"])
                    client.tell(kernel=request["kernel"], sent=request["signal"])
        except (KeyError, TypeError, ValueError):
            # It does not speak this language, and gets no answer.
            told = b""
        if not told:
            self._part(client)

    def retire(self):
        """Lets nobody in any more, and ends with the last client."""
        if self.listener.fileno() != -1:
            self.selector.unregister(self.listener)
            with suppress(OSError):
                os.unlink(self.listener.getsockname())
            self.listener.close()
        self.idle = 0

    def _part(self, client):
        self.selector.unregister(client.connection)
        client.connection.close()
        self.clients.remove(client)
        for kernel in client.kernels.values():
            kernel.signal(signal.SIGKILL)

    def _fork(self, client, number):
        """Starts a process for a kernel; returns whether this is it."""
        server = os.getpid()
        report, reporting = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            os.close(report)
            os.close(reporting)
            client.tell(kernel=number, status=1, said=f"No process could be forked: {error}")
            return False
        if pid == 0:
            self._leave(server, reporting)
            return True
        os.close(reporting)
        kernel = _Kernel(client, number, pid, os.pidfd_open(pid), report)
        client.kernels[number] = kernel
        self._watch(kernel.ending, self._bury, kernel)
        self._watch(kernel.report, self._read, kernel)
        return False

    def _leave(self, server, reporting):
        """Lets go, in a forked process, of everything that is the server's."""
        os.setsid()
        # An interrupt that comes too early must not end a kernel.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        set_death_signal = 1
        linux.call("prctl", set_death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != server:
            os._exit(1)
        self.selector.close()
        self.listener.close()
        for client in self.clients:
            client.connection.close()
        os.dup2(reporting, 2)
        os.dup2(1, 0)
        linux.close_files(3)

    def _read(self, kernel):
        """Reads that a kernel listens, or why it does not."""
        said = os.read(kernel.report, 2**16)
        if said == STARTED:
            kernel.client.tell(kernel=kernel.number, pid=kernel.pid)
        kernel.said += said.strip(STARTED)
        if said == STARTED or not said:
            self.selector.unregister(kernel.report)

    def _bury(self, kernel):
        """Ends what a kernel leaves behind, and tells how it ended."""
        kernel.signal(signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(kernel.pid, 0)[1])
        while kernel.report in self.selector.get_map():
            self._read(kernel)
        self.selector.unregister(kernel.ending)
        os.close(kernel.ending)
        os.close(kernel.report)
        del kernel.client.kernels[kernel.number]
        said = kernel.said.decode(errors="replace")
        kernel.client.tell(kernel=kernel.number, status=status, said=said)

    def _end(self):
        for client in self.clients:
            for kernel in client.kernels.values():
                kernel.signal(signal.SIGKILL)
        sys.exit()


def _listen(address):
    """Listens, and says so to the starter."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(1024)
    os.write(1, STARTED)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.close(nothing)
    return listener


def _inherit():
    """Takes the socket, which listens already, that the starter gave as standard input."""
    listener = socket.socket(fileno=os.dup(0))
    os.dup2(1, 0)
    return listener


def _main(address, notebooks, idle=None):
    with _listen(address) if idle is None else _inherit() as listener:
        os.environ.update(BEFORE_IMPORT)
        from classroom.kernels import forked_kernel

        pools = forked_kernel.import_stack(notebooks)
        if idle is None:
            # From here on it ends with its starter, after its kernels.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server = _Server(listener, idle and float(idle))
        try:
            request = server.serve()
        except SystemExit:
            if idle is None:
                scratch.remove(Path(address).parent)
            else:
                server.retire()
            raise
    forked_kernel.become_kernel(request, pools)


if __name__ == "__main__":
    # As for an ordinary kernel, the folder where it happens to start holds no modules.
    if Path(sys.path[0]) == Path.cwd():
        del sys.path[0]
    _main(*sys.argv[1:])
