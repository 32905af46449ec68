"""Kernels for notebooks that run without a person in front of them."""

import os
import shutil
import subprocess
import tempfile

from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class SocketKernelManager(AsyncKernelManager):
    """Starts kernels that listen on Unix sockets in a folder of their own.

    Kernels on TCP ports choose a free port first and open it later; when many start at once, two
    may want the same. On Windows, where the sockets are not to be had, ports are used. What a
    notebook prints reaches its outputs, and is not repeated on the terminal.
    """

    @default("transport")
    def _transport(self):
        return "ipc" if os.name == "posix" else "tcp"

    @default("ip")
    def _ip(self):
        if self.transport == "tcp":
            return "127.0.0.1"
        self._sockets = tempfile.mkdtemp(prefix="kernel-")
        return os.path.join(self._sockets, "s")

    async def start_kernel(self, **options):
        return await super().start_kernel(
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
        )

    def cleanup_connection_file(self):
        super().cleanup_connection_file()
        shutil.rmtree(getattr(self, "_sockets", ""), ignore_errors=True)
