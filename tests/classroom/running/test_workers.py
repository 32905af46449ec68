import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import wait
from pathlib import Path

import pytest

from classroom import sandbox
from classroom.course import Course
from classroom.grading import means
from classroom.grading.grade_class import grade
from classroom.results.gradebook import read_scores
from classroom.running.workers import WorkerLost, cores, gpu, workers
from classroom.sandbox import Limits

pytestmark = pytest.mark.services

HERE = Path(__file__).parent
SLURM = HERE.parents[1] / "services" / "slurm.sh"
VISIBLE = "CUDA_VISIBLE_DEVICES"


@pytest.fixture
def jobs(monkeypatch):
    """The module `worker_jobs`, which workers can import too."""
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    monkeypatch.syspath_prepend(HERE)
    return importlib.import_module("worker_jobs")


@pytest.fixture
def started(tmp_path):
    """Function that waits until a job has started, and returns the process that runs it."""

    def find(number):
        deadline = time.monotonic() + 60
        while not (found := list(tmp_path.glob(f"{number}-*"))):
            assert time.monotonic() < deadline, f"{number} did not start"
            time.sleep(0.05)
        return int(found[0].name.split("-")[1])

    return find


def results(futures):
    assert not wait(futures, timeout=60).not_done
    return [future.result() for future in futures]


def ends(process):
    """Whether a process ends within ten seconds."""
    for _ in range(100):
        status = Path(f"/proc/{process}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.1)
    return False


# On this machine


def test_jobs_run_in_other_processes(jobs):
    with workers(2) as pool:
        assert results([pool.submit(jobs.double, number) for number in range(5)]) == [0, 2, 4, 6, 8]
        assert pool.submit(os.getpid).result() != os.getpid()


def test_a_jobs_own_error_is_its_own(jobs):
    with workers(1) as pool:
        failing, right = pool.submit(jobs.fail), pool.submit(jobs.double, 2)
        with pytest.raises(ValueError, match="own trouble"):
            failing.result()
        assert right.result() == 4


def test_a_killed_worker_is_replaced_and_its_job_done_again(jobs, started, tmp_path):
    with workers(2) as pool:
        futures = [pool.submit(jobs.double, number, tmp_path, 0.5) for number in range(6)]
        os.kill(started(0), signal.SIGKILL)
        assert results(futures) == [0, 2, 4, 6, 8, 10]
    assert len(list(tmp_path.glob("0-*"))) == 2


def test_a_job_that_always_kills_its_worker_fails_alone(jobs, tmp_path):
    with workers(2) as pool:
        deadly = pool.submit(jobs.die, tmp_path)
        assert results([pool.submit(jobs.double, number) for number in range(6)])
        with pytest.raises(WorkerLost, match="ran out of memory"):
            deadly.result(timeout=60)
    assert len(list(tmp_path.glob("died-*"))) == 3


def test_unfinished_jobs_are_given_up_at_the_end(jobs, started, tmp_path):
    with workers(1) as pool:
        running = pool.submit(jobs.double, 1, tmp_path, 600)
        waiting = pool.submit(jobs.double, 2)
        process = started(1)
    with pytest.raises(WorkerLost):
        running.result(timeout=10)
    assert waiting.cancelled()
    assert ends(process)


def test_what_workers_leave_behind_is_removed(jobs):
    """A worker that is killed has no time for it."""
    with workers(1) as pool:
        folder = Path(pool.submit(tempfile.mkdtemp).result())
        assert folder.is_dir()
    assert not folder.exists()


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at /proc")
def test_workers_end_with_a_starter_that_is_killed(jobs, started, tmp_path):
    script = tmp_path / "starter.py"
    script.write_text(
        "import sys, worker_jobs\n"
        "from classroom.running.workers import workers\n"
        "if __name__ == '__main__':\n"
        "    with workers(1) as pool:\n"
        "        pool.submit(worker_jobs.double, 1, sys.argv[1], 600).result()\n"
    )
    with tempfile.TemporaryDirectory() as folder:  # with a short path, since sockets lie in it
        environment = {**os.environ, "TMPDIR": folder}
        starter = subprocess.Popen([sys.executable, script, tmp_path], env=environment)
        process = started(1)
        assert list(Path(folder).glob("course-workers-*"))
        starter.kill()
        starter.wait()
        assert ends(process)
        assert not list(Path(folder).glob("course-workers-*"))


# GPUs, of which only the names are looked at


def check_gpus(used, devices, at_once):
    """Checks that jobs used all the devices, at most so many jobs each device at the same time."""
    for device in devices:
        runs = [(start, end) for variables, start, end in used if variables[VISIBLE] == device]
        beside = [sum(other <= start < end for other, end in runs) for start, _ in runs]
        assert max(beside) == at_once
    assert {variables[VISIBLE] for variables, _, _ in used} == set(devices)
    assert {variables["TF_FORCE_GPU_ALLOW_GROWTH"] for variables, _, _ in used} == {"true"}


def test_each_local_worker_has_a_gpu_of_its_own(jobs, monkeypatch):
    monkeypatch.setenv(VISIBLE, "2,GPU-b")
    with workers(3, gpus=1) as pool:
        used = results([pool.submit(jobs.use_gpu, 1) for _ in range(6)])
    check_gpus(used, ["2", "GPU-b"], at_once=1)


def test_local_workers_share_gpus(jobs, monkeypatch):
    monkeypatch.setenv(VISIBLE, "0,1")
    with workers(4, gpus=0.5) as pool:
        used = results([pool.submit(jobs.use_gpu, 0.5) for _ in range(8)])
    check_gpus(used, ["0", "1"], at_once=2)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="processors cannot be chosen")
def test_workers_with_gpus_share_all_processors(monkeypatch):
    monkeypatch.setenv(VISIBLE, "0")
    with workers(4, gpus=1) as pool:
        assert set(pool.submit(cores).result()) == os.sched_getaffinity(0)


def test_a_class_with_gpus_shares_all_memory(lab, monkeypatch):
    at_once = []
    monkeypatch.setenv(VISIBLE, "0,1")
    monkeypatch.setattr(means.Limits, "of_one", lambda jobs: at_once.append(jobs) or Limits())
    grade(lab, "tiny", jobs=4, gpus=1, sealed=False)
    assert at_once == [2]


def test_without_a_part_of_a_gpu_none_is_seen(monkeypatch):
    monkeypatch.setenv(VISIBLE, "0")
    with gpu(0) as environment:
        assert environment == {VISIBLE: "-1"}


def test_a_machine_without_gpus_says_so(monkeypatch):
    monkeypatch.setenv(VISIBLE, "")
    with pytest.raises(ValueError, match="no GPU here"), workers(2, gpus=1):
        pass
    monkeypatch.delenv(VISIBLE)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="no GPU here"), workers(2, gpus=1):
        pass


def test_no_job_gets_two_gpus():
    with pytest.raises(ValueError, match=r"expected 0 to 1 for `gpus`, not 2"), workers(1, gpus=2):
        pass


# On a running Dask cluster


def dask_config(settings):
    """Sets Dask's configuration, for a `with`."""
    import dask

    return dask.config.set(settings)


@pytest.fixture
def dask(jobs, tmp_path):
    """Function that starts a scheduler and workers, as somebody else would; returns its address."""
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    file = tmp_path / "scheduler.json"
    running = []

    def run(*arguments):
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", file]
        command += ["--no-dashboard", "--host", "127.0.0.1"]
        running.append(subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL))

    def start(workers, *options):
        run("scheduler", "--port", "0")
        for _ in range(workers):
            run("worker", "--no-nanny", *options)
        with distributed.Client(scheduler_file=str(file), timeout=60) as client:
            client.wait_for_workers(workers, timeout=60)
            return client.scheduler.address

    yield start
    for process in reversed(running):
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.slow
def test_a_killed_dask_workers_job_is_done_elsewhere(dask, jobs, started, tmp_path):
    with workers(2, dask(2, "--nthreads", "1")) as pool:
        futures = [pool.submit(jobs.double, number, tmp_path, 0.5) for number in range(6)]
        os.kill(started(0), signal.SIGKILL)
        assert results(futures) == [0, 2, 4, 6, 8, 10]
        failing = pool.submit(jobs.fail)
        with pytest.raises(ValueError, match="own trouble"):
            failing.result(timeout=60)
    assert len(list(tmp_path.glob("0-*"))) == 2


@pytest.mark.slow
def test_a_job_that_kills_dask_workers_fails_alone(jobs, tmp_path):
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    with (
        dask_config({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        workers(2, cluster.scheduler_address) as pool,
    ):
        deadly = pool.submit(jobs.die, tmp_path)
        assert results([pool.submit(jobs.double, number, None, 0.1) for number in range(20)])
        with pytest.raises(WorkerLost):
            deadly.result(timeout=60)
    assert len(list(tmp_path.glob("died-*"))) == 2


def grade_a_class(lab, hand_in, cluster):
    for number in range(4):
        hand_in(f"s{number}", f"def double(x):\n    return {number} * x")
    grade(Course(lab.root), "tiny", cluster=cluster, jobs=2, sealed=not sandbox.missing())
    assert list(read_scores(lab, "tiny").totals) == [0, 0, 3, 0]


def test_a_class_is_graded_on_dask(dask, lab, hand_in):
    grade_a_class(lab, hand_in, dask(2, "--nthreads", "1"))


@pytest.mark.slow
def test_gpus_are_a_dask_resource(dask, jobs, monkeypatch):
    monkeypatch.setenv(VISIBLE, "0,1")
    address = dask(1, "--nthreads", "4", "--resources", "GPU=2")
    with workers(4, address, gpus=1) as pool:
        used = results([pool.submit(jobs.use_gpu, 1) for _ in range(6)])
    check_gpus(used, ["0", "1"], at_once=1)


def test_a_dask_cluster_without_gpus_says_so(dask):
    address = dask(1)
    with (
        pytest.raises(ValueError, match="dask worker --resources GPU=1"),
        workers(1, address, gpus=1),
    ):
        pass


def test_what_is_no_cluster_is_refused():
    with pytest.raises(ValueError, match="no cluster 'slrum'"), workers(1, "slrum"):
        pass


@pytest.mark.parametrize("cluster", ["slurm", "tcp://127.0.0.1:1"])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, cluster):
    for name in ("dask_jobqueue", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r"\[cluster\]"), workers(1, cluster):
        pass


# On Slurm


@pytest.fixture
def slurm(jobs, monkeypatch):
    """Options for a Slurm that runs on this machine."""
    pytest.importorskip("dask_jobqueue", reason="the extra `cluster` is not installed")
    paths = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    if not all(shutil.which(name, path=paths) for name in ("slurmctld", "munged")):
        pytest.skip("Debian's packages slurm-wlm and munge are not installed")
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        monkeypatch.setenv("SLURM_CONF", f"{folder}/slurm.conf")
        try:
            subprocess.run([SLURM, "start", folder], check=True)
            with dask_config({"distributed.deploy.lost-worker-timeout": "1s"}):
                yield {
                    "interface": "lo",
                    "memory": "1 GiB",
                    "log_directory": folder,
                    "local_directory": folder,
                }
        finally:
            subprocess.run([SLURM, "stop", folder], check=True)


def slurm_jobs():
    listed = subprocess.run(["squeue", "--noheader", "--format=%i"], capture_output=True, text=True)
    return listed.stdout.split()


@pytest.mark.slow
def test_ten_jobs_on_slurm(slurm, jobs, started, tmp_path):
    """One worker's process is killed in mid-run, and later a whole Slurm job is cancelled."""
    with workers(2, "slurm", options=slurm) as pool:
        futures = [pool.submit(jobs.double, number, tmp_path, 0.5) for number in range(10)]
        os.kill(started(0), signal.SIGKILL)
        results(futures[:1])
        subprocess.run(["scancel", slurm_jobs()[0]], check=True)
        assert results(futures) == list(range(0, 20, 2))
    assert len(list(tmp_path.glob("0-*"))) == 2


@pytest.mark.slow
def test_the_only_slurm_job_is_replaced(slurm, jobs, started, tmp_path):
    with workers(1, "slurm", options=slurm) as pool:
        future = pool.submit(jobs.double, 7, tmp_path, 1)
        started(7)
        (only,) = slurm_jobs()
        subprocess.run(["scancel", only], check=True)
        assert future.result(timeout=60) == 14
        (new,) = slurm_jobs()
        assert new != only
    assert len(list(tmp_path.glob("7-*"))) == 2


@pytest.mark.slow
def test_slurm_gives_each_worker_a_gpu(slurm, jobs):
    """The node's two GPUs are none, but Slurm deals them out."""
    with workers(2, "slurm", gpus=1, options=slurm) as pool:
        used = results([pool.submit(jobs.use_gpu, 1, 2) for _ in range(4)])
    check_gpus(used, ["0", "1"], at_once=1)


def test_what_slurm_refuses_is_said(slurm):
    with (
        pytest.raises(ValueError, match=r"refuses .* invalid partition"),
        workers(1, "slurm", options={**slurm, "queue": "nowhere"}),
    ):
        pass


def test_a_machine_without_slurm_says_so(monkeypatch):
    pytest.importorskip("dask_jobqueue", reason="the extra `cluster` is not installed")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="no Slurm here"), workers(1, "slurm"):
        pass


@pytest.mark.slow
def test_a_class_is_graded_on_slurm(slurm, lab, hand_in):
    with (lab.labs / "nbgrader_config.py").open("a") as configuration:
        configuration.writelines(f"c.SLURMCluster.{name} = {slurm[name]!r}\n" for name in slurm)
    grade_a_class(lab, hand_in, "slurm")
