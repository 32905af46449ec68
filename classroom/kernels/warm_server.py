"""A warm server for whoever wants kernels soon: `serving` shares one, and ends it after use.

What the server does is in `fork_server`.
"""

import os
import platform
import subprocess
import sys
from contextlib import contextmanager

from classroom.kernels import scratch
from classroom.sandbox import linux

# What a server, and each of its kernels, writes once it listens.
STARTED = b"\0"
# What a client asks a server, and what it answers once it has imported the stack.
READY = {"ready": True}


def can_fork():
    """Whether kernels can be forked on this machine.

    Elsewhere than on Linux, libraries of the system do not survive a fork, or there is none.
    """
    return sys.platform == "linux" and platform.machine() in linux.ON_ONE_MACHINE


@contextmanager
def serving(notebooks="course"):
    """Starts a server for a `with`, which this process and those that it starts share.

    The environment variable `COURSE_WARM` names its socket meanwhile; where it names one already,
    that server is used, and where kernels cannot be forked, none is started. Does not wait until
    the server has imported the stack: requests queue until then.

    Args:
        notebooks: Whose imports the server is to know beforehand: `"labs"`, or `"course"` for
            lectures and labs.

    Yields:
        Path of the server's socket, or None.

    Raises:
        RuntimeError: if the server does not start.
    """
    if os.environ.get("COURSE_WARM") or not can_fork():
        yield os.environ.get("COURSE_WARM")
        return
    with start_server(notebooks) as address:
        os.environ["COURSE_WARM"] = address
        try:
            yield address
        finally:
            del os.environ["COURSE_WARM"]


@contextmanager
def start_server(notebooks="course"):
    """Starts a server for a `with` as `serving` does, for who is told its socket."""
    starter, folder = os.getpid(), scratch.make("warm", sockets=True)
    address = os.path.join(folder, "socket")
    server = subprocess.Popen(
        [sys.executable, "-m", "classroom.kernels.fork_server", address, notebooks],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=sys.prefix,  # the folder where its starter happens to be may be a student's
    )
    # A process that is forked from this one must neither keep the server alive nor end it.
    os.register_at_fork(after_in_child=server.stdin.close)
    try:
        with server.stdout:
            if server.stdout.read() != STARTED:
                raise RuntimeError(
                    f"The warm server did not start. To see why, run `{sys.executable} -m "
                    f"classroom.kernels.fork_server {address} {notebooks}`, or use kernel python3."
                )
        yield address
    finally:
        if os.getpid() == starter:
            server.stdin.close()
            server.terminate()
            server.wait()
            scratch.remove(folder)
