"""How a process that was forked from a warm server becomes a kernel."""

import gc
import importlib
import os
import sys
from contextlib import suppress

import keras
import matplotlib
import numpy as np
import threadpoolctl
from ipykernel.kernelapp import IPKernelApp
from traitlets import Dict

from classroom import sandbox
from classroom.kernels.stack import LATE, find_imports
from classroom.kernels.warm_server import STARTED


def import_stack(notebooks):
    """Imports what kernels need, and keeps it in memory that they share.

    Args:
        notebooks: Which notebooks they are for, as for `find_imports`.

    Returns:
        A `ThreadpoolController` of the libraries' threads, for `become_kernel`.
    """
    for name in LATE:
        importlib.import_module(name)
    # Or altair's import takes five times as long.
    importlib.import_module("classroom.compat.nbformat")
    for name in find_imports(notebooks):
        with suppress(ImportError):  # students lack what is the grader's
            importlib.import_module(name)
    pools = threadpoolctl.ThreadpoolController()
    gc.collect()
    gc.freeze()
    return pools


class ForkedKernelApp(IPKernelApp):
    """A kernel that is told by which sockets to listen, and reads no file for it."""

    connection = Dict()

    def init_connection_file(self):
        self.load_connection_info(self.connection)

    def write_connection_file(self, **information):
        pass

    def parse_command_line(self, argv=None):
        # To learn all options that there are takes a fifth of a kernel's start.
        if argv:
            super().parse_command_line(argv)


def become_kernel(request, pools):
    """Runs a kernel until it ends, in a process that has just been forked.

    Args:
        request: What a client asked for, as `fork_server` describes it. That the kernel listens, or
            why it does not, is written to standard error.
        pools: What `import_stack` returned.
    """
    report = 2
    try:
        _settle(request)
        report = os.dup(2)
        os.dup2(1, 2)
        # `random` seeds itself anew at every fork.
        np.random.seed()
        _set_threads(pools)
        # The parent may end; the server sees to it that kernels end with whoever asked for them.
        parent = 1
        application = ForkedKernelApp.instance(
            connection=request["connection"], parent_handle=parent
        )
        sys.argv[1:] = arguments = request["arguments"]
        application.config.HistoryManager.enabled = False
        # The file is not read.
        application.initialize(arguments[2:] if arguments[:1] == ["-f"] else arguments)
    except BaseException as error:
        os.write(report, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.write(report, STARTED)
    os.close(report)
    application.start()


def _settle(request):
    """Moves to where the kernel is to run: environment, seal, folder."""
    os.environ.clear()
    os.environ.update(request["env"])
    wanted = os.environ.get("KERAS_BACKEND", keras.backend.backend())
    if wanted != keras.backend.backend():
        raise ValueError(
            f"The kernel is to use Keras on {wanted} (KERAS_BACKEND), but the warm server has "
            f"imported it on {keras.backend.backend()}. Start the server with the same setting, or "
            "use kernel python3."
        )
    backend = os.environ.get("MPLBACKEND")
    if backend:
        matplotlib.rcParams["backend"] = backend
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if request["seal"]:
        limits = sandbox.Limits(**request["seal"].pop("limits"))
        sandbox.enter(sandbox.Seal(**request["seal"], limits=limits))
    if request["cwd"]:
        os.chdir(request["cwd"])


def _set_threads(pools):
    """Gives the libraries the threads that the environment asks for, or as many as processors."""
    processors = len(os.sched_getaffinity(0))
    openmp = int(os.environ.get("OMP_NUM_THREADS", processors))
    blas = int(os.environ.get("OPENBLAS_NUM_THREADS", openmp))
    pools.limit(limits={"blas": blas, "openmp": openmp})
