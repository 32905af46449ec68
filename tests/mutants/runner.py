"""Puts every mutant into a copy of the project, and runs the test that should find it out there."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.mutants import child, tables

LIMIT = 120  # seconds a test may take
COPIED = ("course_lib", "classroom", "tests")
# Imported once, before the processes of single tests are forked. None of them is ours.
PRELOADED = ("keras", "scipy.stats", "sklearn.linear_model", "pandas", "matplotlib.pyplot")
PRELOADED += ("hypothesis", "xdist.plugin", "IPython.display")
KILLED, SURVIVES = "killed", "survives"


@dataclass
class Process:
    """Running tests: their number among all trials, where they write, and when they began."""

    number: int
    tests: list
    folder: Path
    mutant: tables.Mutant | None
    began: float

    @property
    def results(self):
        return self.folder / "results.json"


def judge(mutants, root=tables.ROOT, jobs=2, preloaded=PRELOADED, limit=LIMIT, fork=None):
    """Says of each mutant whether its test kills it.

    Args:
        mutants: List of `tables.Mutant`.
        root: The project's folder, which is only read.
        jobs: Number of tests that run at the same time.
        preloaded: Names of modules that all tests need.
        limit: Seconds that a test may take. Where it takes longer on the mutant alone, it kills it.
        fork: Whether tests run in forked processes; where the system can, if None.

    Returns:
        Dictionary from mutant to `"killed"`, `"survives"`, or what prevents an answer.
    """
    fork = hasattr(os, "fork") if fork is None else fork
    if fork:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        for name in preloaded:
            importlib.import_module(name)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # or a mutant's would be taken for the next one's
    verdicts = {mutant: tables.fault(mutant, root) for mutant in mutants}
    sound = [mutant for mutant in mutants if verdicts[mutant] is None]
    with tempfile.TemporaryDirectory() as scratch:
        workshop = Workshop(Path(root), Path(scratch), jobs, limit, fork)
        killers = sorted({mutant.killed_by for mutant in sound})
        files = [list(tests) for _, tests in groupby(killers, lambda test: test.split("::")[0])]
        before = {}
        for outcomes in workshop.run([(None, tests) for tests in files]):
            before |= outcomes
        ready = [mutant for mutant in sound if before[mutant.killed_by] == "passed"]
        after = dict(zip(ready, workshop.run([(m, [m.killed_by]) for m in ready])))
    for mutant in sound:
        if mutant in after:
            verdicts[mutant] = _verdict(mutant, after[mutant][mutant.killed_by])
        else:
            verdicts[mutant] = f"{mutant.killed_by} without it: {before[mutant.killed_by]}"
    return verdicts


def _verdict(mutant, outcome):
    if outcome in ("failed", "takes too long"):
        return KILLED
    return SURVIVES if outcome == "passed" else f"{mutant.killed_by} with it: {outcome}"


class Workshop:
    """Runs tests in copies of the project, some at a time.

    Args:
        root: The project's folder.
        scratch: An empty folder.
        jobs: As of `judge`.
        limit: As of `judge`.
        fork: As of `judge`.
    """

    def __init__(self, root, scratch, jobs, limit, fork):
        self.root, self.limit, self.fork = root, limit, fork
        self.free = [self.copy(scratch / str(number)) for number in range(jobs)]

    def run(self, trials):
        """Runs the tests of each trial in a copy that no other uses at that time.

        Args:
            trials: List of pairs of a mutant, or None, and a list of ids of tests.

        Returns:
            List of dictionaries from test to outcome.
        """
        waiting, running, outcomes = list(enumerate(trials)), {}, [None] * len(trials)
        while waiting or running:
            while waiting and self.free:
                number, (mutant, tests) = waiting.pop(0)
                process = Process(number, tests, self.free.pop(), mutant, time.monotonic())
                self.put(process, tables.mutated)
                running[self.start(process)] = process
            for handle, process in list(running.items()):
                if outcome := self.outcome(handle, process):
                    outcomes[process.number] = outcome
                    del running[handle]
                    self.put(process, lambda mutant, text: text)
                    self.free.append(process.folder)
            time.sleep(0.02)
        return outcomes

    def copy(self, folder):
        """Makes a copy of the project, in which folders that no mutant changes are links."""
        folder.mkdir()
        for path in self.root.iterdir():
            if path.name in COPIED:
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(path, folder / path.name, ignore=ignored)
            elif path.is_file():
                shutil.copy(path, folder)
            elif not path.name.startswith(".") and path.name != "build":
                (folder / path.name).symlink_to(path)
        return folder

    def put(self, process, change):
        """Puts a process's mutant into its copy, or the original back."""
        process.results.unlink(missing_ok=True)
        if mutant := process.mutant:
            text = (self.root / mutant.file).read_text(encoding="utf-8")
            (process.folder / mutant.file).write_text(change(mutant, text), encoding="utf-8")

    def start(self, process):
        """Starts tests in their copy; returns the process's number, or a `Popen`."""
        output = process.folder / "output.txt"
        output.unlink(missing_ok=True)
        if not self.fork:
            script = [sys.executable, child.__file__]
            with output.open("w") as file:
                return subprocess.Popen(
                    [*script, process.folder, process.results, *process.tests],
                    cwd=process.folder,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                )
        number = os.fork()
        if number:
            return number
        try:
            os.setsid()
            os.chdir(process.folder)
            descriptor = os.open(output, os.O_WRONLY | os.O_CREAT)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            child.run(process.folder, process.tests, process.results)
        finally:
            os._exit(0)

    def outcome(self, handle, process):
        """How tests ended, a dictionary; None while they run."""
        if self.fork:
            ended = os.waitpid(handle, os.WNOHANG)[0] == handle
        else:
            ended = handle.poll() is not None
        if not ended and time.monotonic() - process.began <= self.limit * len(process.tests):
            return None
        if not ended:
            if self.fork:
                os.killpg(handle, signal.SIGKILL)
                os.waitpid(handle, 0)
            else:
                handle.kill()
                handle.wait()
            return dict.fromkeys(process.tests, "takes too long")
        if not process.results.is_file():
            output = (process.folder / "output.txt").read_text(encoding="utf-8", errors="replace")
            return dict.fromkeys(process.tests, f"ended without a result: {output[-500:]}")
        return json.loads(process.results.read_text(encoding="utf-8"))
