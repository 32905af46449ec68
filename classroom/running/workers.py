"""Where submissions run: in processes of this machine, on Slurm, or on any Dask cluster.

A worker that is lost in mid-run is replaced, and what it ran is done again.
"""

import atexit
import functools
import os
import signal
import subprocess
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from queue import SimpleQueue

import psutil

from classroom.compat.multiprocessing import keep_sockets_in
from classroom.kernels import scratch, warm_server
from classroom.sandbox import linux

TRIES = 3
# Bytes of address space, enough to read what a kernel of a student's sends.
WORKER_MEMORY = 4 * 1024**3
_free_gpus, _filling = {}, threading.Lock()


class WorkerLost(RuntimeError):
    """A job lost its worker every time that it was tried."""

    def __init__(self):
        super().__init__(
            "The worker that ran this died, again and again: it crashed, was killed, or ran out "
            "of memory."
        )


class Workers(ThreadPoolExecutor):
    """An executor whose jobs run elsewhere; its threads only wait for them.

    Args:
        jobs: Number of jobs that run at the same time.
        run: Function that runs a function with its arguments elsewhere and returns its result.
    """

    def __init__(self, jobs, run):
        super().__init__(jobs)
        self._elsewhere = run

    def submit(self, function, /, *args):
        return super().submit(self._elsewhere, function, *args)


@contextmanager
def workers(jobs, cluster=None, gpus=0, options=None, memory=WORKER_MEMORY):
    """Starts workers, or finds them, for a `with`.

    Args:
        jobs: Number of jobs that run at the same time, and of the workers that are started.
        cluster: Where: None for processes of this machine, `"slurm"`, or the address of a running
            Dask scheduler, such as `"tcp://10.0.0.1:8786"`.
        gpus: Part of a GPU that each job needs: 0 for none, 1 for one of its own, 0.25 where four
            may share one. On a cluster GPUs are the Dask resource `GPU`. A job asks `gpu` for it.
        options: Arguments of dask-jobqueue's `SLURMCluster` (interface, queue, memory, …), beyond
            those of `~/.config/dask/jobqueue.yaml`.
        memory: Bytes of address space that a worker of this machine may take beyond what it starts
            with; None for any number, where what it reads is trusted.

    Yields:
        An executor. Jobs are functions of a module, with arguments and results that can be
        pickled. A job that loses its worker is done again, up to three times in all; on a cluster,
        where others may have been to blame, up to three times more with no other job beside it (a
        running cluster's scheduler may allow other numbers). Then that job alone fails, with
        `WorkerLost`. Jobs that are not done at the end of the `with` are given up.

    Raises:
        ValueError: if there is no such cluster, it refuses the workers, or has no GPU for the jobs.
        ModuleNotFoundError: if a cluster is asked for and Dask is not installed.
    """
    _check_part(gpus)
    if cluster is None:
        place = _processes(jobs, gpus, memory)
    elif cluster == "slurm":
        place = _slurm(jobs, gpus, options or {})
    elif ":" in cluster:
        place = _scheduler(cluster, jobs, gpus)
    else:
        raise ValueError(
            f"There is no cluster {cluster!r}: expected slurm, or the address of a Dask scheduler "
            "such as tcp://10.0.0.1:8786."
        )
    with place as run:
        executor = Workers(jobs, run)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


@contextmanager
def gpu(part):
    """Lends a job, in the worker that runs it, a GPU of its own.

    A worker has the GPUs that `CUDA_VISIBLE_DEVICES` names, or else all of its machine; jobs that
    it runs at the same time get different ones, as far as there are enough.

    Args:
        part: Part of a GPU that the job needs, as for `workers`.

    Yields:
        Environment variables for the processes of the job. With `part=0` they see no GPU.

    Raises:
        ValueError: if the worker has no GPU.
    """
    if not part:
        yield {"CUDA_VISIBLE_DEVICES": "-1"}
        return
    with _filling:
        if part not in _free_gpus:
            _free_gpus[part] = SimpleQueue()
            for device in _slots(part):
                _free_gpus[part].put(device)
    device = _free_gpus[part].get()
    try:
        yield {"CUDA_VISIBLE_DEVICES": device, "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    finally:
        _free_gpus[part].put(device)


def cores():
    """Returns the processors that the jobs of this worker have to themselves; () for any."""
    return tuple(map(int, filter(None, os.environ.get("COURSE_CORES", "").split(","))))


def _share_cores(jobs):
    """Returns the processors of each of several workers; where there are too few, some share."""
    if not hasattr(os, "sched_getaffinity"):
        return [()] * jobs
    there = sorted(os.sched_getaffinity(0))
    return [there[n::jobs] or [there[n % len(there)]] for n in range(jobs)]


def local_gpus(jobs, gpus):
    """Returns the GPU of each worker that this machine has for some jobs, None if they need none.

    Args:
        jobs: Number of jobs that run at the same time; with too few GPUs it is that of the GPUs.
        gpus: Part of a GPU that each job needs, as for `workers`.

    Raises:
        ValueError: if there is no GPU, or a job needs several.
    """
    _check_part(gpus)
    return _slots(gpus)[:jobs] if gpus else [None] * jobs


def _check_part(gpus):
    if not 0 <= gpus <= 1:
        raise ValueError(f"A job gets at most one GPU: expected 0 to 1 for `gpus`, not {gpus}.")


def _slots(part):
    """GPUs of this process, each as often as jobs may share it."""
    devices = os.environ.get("CUDA_VISIBLE_DEVICES")
    if devices is None:
        question = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
        try:
            asked = subprocess.run(question, capture_output=True, text=True, check=True)
            devices = ",".join(asked.stdout.split())
        except (OSError, subprocess.CalledProcessError):
            devices = "-1"
    if devices in ("", "-1"):
        raise ValueError(
            "There is no GPU here: `nvidia-smi` lists none, or CUDA_VISIBLE_DEVICES hides them. "
            "Grade without --gpus-per-submission, or on a machine that has one."
        )
    return devices.split(",") * int(1 / part)


@contextmanager
def _processes(jobs, gpus, memory):
    lent = local_gpus(jobs, gpus)
    scratch.remove_abandoned()
    _make_socket_folder()
    # Workers that are killed leave their folders behind, in this one.
    with scratch.folder("workers") as folder, warm_server.serving():
        processes = []
        for device, own in zip(lent, _share_cores(len(lent))):
            environment = {"COURSE_CORES": ",".join(map(str, own)), "TMPDIR": folder}
            if device is not None:
                environment["CUDA_VISIBLE_DEVICES"] = device
            processes.append(_Process(environment, memory))
        idle = SimpleQueue()
        for process in processes:
            idle.put(process)

        def run(function, *args):
            process = idle.get()
            try:
                return process.run(function, *args)
            finally:
                idle.put(process)

        try:
            yield run
        finally:
            for process in processes:
                process.end()


@functools.cache
def _make_socket_folder():
    """Keeps sockets in a folder that a later run removes if this process is killed."""
    folder = scratch.make("sockets", sockets=True)
    atexit.register(scratch.remove, folder)
    keep_sockets_in(folder)


class _Process:
    """A process that is started again when it dies.

    It is the only one of its pool, since a pool gives up all that it runs when one process dies.
    """

    def __init__(self, environment, memory):
        self._environment, self._memory, self._ended = environment, memory, False
        self._pool, self._alive = None, None
        self._start()

    def _start(self):
        context = get_context("forkserver" if warm_server.can_fork() else "spawn")
        context.set_forkserver_preload(["classroom.running.run_notebook"])
        watched, self._alive = context.Pipe(duplex=False)
        environment = {**os.environ, **self._environment}
        self._pool = ProcessPoolExecutor(1, context, _prepare, (watched, environment, self._memory))

    def run(self, function, *args):
        for _ in range(TRIES):
            try:
                return self._pool.submit(function, *args).result()
            except BrokenProcessPool:
                if self._ended:
                    break
                self._start()
        raise WorkerLost

    def end(self):
        self._ended = True
        self._alive.close()
        self._pool.shutdown()


def _prepare(watched, environment, memory):
    """Makes this process end when its starter says so, or is killed."""

    def wait():
        try:
            watched.recv()
        except EOFError:
            # A starter that was killed has no time for it.
            scratch.remove(environment["TMPDIR"])
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    os.environ.update(environment)
    tempfile.tempdir = None
    # An interrupt at the terminal reaches all processes; the starter ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory is not None:
        # What a kernel's messages make of this process ends it alone.
        linux.limit_memory(psutil.Process().memory_info().vms + memory)


@contextmanager
def _slurm(jobs, gpus, options):
    with _explaining():
        import dask
        from dask_jobqueue import SLURMCluster
    configured = dask.config.get("jobqueue.slurm").items()
    known = {name.replace("-", "_"): value for name, value in configured} | options
    options = {
        **options,
        "cores": known["cores"] or 1,
        "memory": known["memory"] or "4 GiB",
        # A warm server is of one machine.
        "job_script_prologue": ["unset COURSE_WARM", *known["job_script_prologue"]],
    }
    if gpus:
        options["worker_extra_args"] = ["--resources GPU=1", *known["worker_extra_args"]]
        options["job_extra_directives"] = ["--gres=gpu:1", *known["job_extra_directives"]]
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": TRIES - 1}),
        SLURMCluster(**options) as slurm,
        _scheduler(slurm, jobs, gpus) as run,
    ):
        _try_submitting(slurm.job_script())
        slurm.adapt(minimum=jobs, maximum=jobs)
        yield run


def _try_submitting(script):
    """Raises what would else be one line in a log, and workers that never come."""
    try:
        tried = subprocess.run(
            ["sbatch", "--test-only"], input=script, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise ValueError("There is no Slurm here: the command `sbatch` is missing.") from None
    if tried.returncode:
        raise ValueError(
            f"Slurm refuses the job of a worker: {tried.stderr.strip()}. Change its options, as "
            f"dask-jobqueue's SLURMCluster takes them. The job was:\n{script}"
        )


@contextmanager
def _scheduler(address, jobs, gpus):
    with _explaining():
        from distributed import Client, KilledWorker
    with Client(address) as client:
        found = client.scheduler_info()["workers"].values()
        if gpus and found and not any(worker["resources"].get("GPU") for worker in found):
            raise ValueError(
                f"No worker of {address} has a GPU to lend. Start them with "
                "`dask worker --resources GPU=1`, the number being that of their GPUs."
            )

        resources = {"GPU": gpus} if gpus else None
        places, alone = threading.Semaphore(jobs), threading.Lock()

        def run(function, *args, needed=1):
            with ExitStack() as stack:
                for _ in range(needed):
                    stack.enter_context(places)
                return client.submit(function, *args, pure=False, resources=resources).result()

        def run_again(function, *args):
            # Dask blames the loss of a worker on all jobs that it sent there, running or not.
            with suppress(KilledWorker):
                return run(function, *args)
            with alone:
                try:
                    return run(function, *args, needed=jobs)
                except KilledWorker as error:
                    raise WorkerLost from error

        yield run_again


@contextmanager
def _explaining():
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"A cluster needs the package {error.name}, which is not installed: "
            "`pip install --editable '.[cluster]'`."
        ) from error
