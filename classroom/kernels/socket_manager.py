"""Kernels for notebooks that run without a person in front of them."""

import os
import subprocess
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import Unicode, default

from classroom.kernels import scratch


class SocketKernelManager(AsyncKernelManager):
    """Starts kernels that listen on Unix sockets in a folder of their own.

    Kernels on TCP ports choose a free port first and open it later; when many start at once, two
    may want the same. On Windows, where the sockets are not to be had, ports are used. What a
    notebook prints reaches its outputs, and is not repeated on the terminal. The course's own
    kernels, in `kernelspecs/`, are known without being installed.

    Attributes:
        sockets: The folder, which is also that of a sealed kernel's `Seal`.
    """

    sockets = Unicode()

    @default("sockets")
    def _sockets(self):
        return scratch.make("kernel", sockets=True)

    @default("kernel_spec_manager")
    def _kernel_spec_manager(self):
        specs = KernelSpecManager(parent=self)
        specs.kernel_dirs.append(str(Path(__file__).with_name("kernelspecs")))
        return specs

    @default("transport")
    def _transport(self):
        return "ipc" if os.name == "posix" else "tcp"

    @default("ip")
    def _ip(self):
        return "127.0.0.1" if self.transport == "tcp" else os.path.join(self.sockets, "s")

    async def start_kernel(self, **options):
        return await super().start_kernel(
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
        )

    def cleanup_connection_file(self):
        super().cleanup_connection_file()
        if self.transport == "ipc":
            scratch.remove(self.sockets)


async def open_channels(client, timeout=60):
    """Opens the channels of a client to a kernel that listens already.

    `wait_for_ready` does more, and takes a fifth of a second for it.

    Args:
        client: An `AsyncKernelClient`. Nothing that the kernel publishes afterwards escapes it.
        timeout: Seconds to wait for the kernel.

    Raises:
        queue.Empty: if the kernel does not answer in time.
    """
    client.start_channels()
    welcomed = False
    while not welcomed:
        message = await client.get_iopub_msg(timeout=timeout)
        welcomed = message["msg_type"] == "iopub_welcome"
