"""What a submission can do to the grader's memory and time, each time with real, sealed kernels.

`benchmarks.attacks` measures the same.
"""

import os
import tempfile
import threading
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from classroom import sandbox
from classroom.running import workers
from classroom.running.job import Bounds, Job
from classroom.running.run_notebook import execute
from classroom.sandbox import Limits
from tests.classroom.running.test_run_notebook import CHECK, CHECKS, graded

MEBI = 2**20
HONEST = "def answer(secret):\n    return [secret, 2 * secret]"

# Code of a cell, before an honest answer.
OUTPUTS = {
    "an error of 40 MB": "raise Exception('A' * 40_000_000)",
    "a class of errors with a name of 10 MB": "raise type('A' * 10_000_000, (Exception,), {})()",
    "a page of 10 MB": "from IPython.display import HTML\ndisplay(HTML('<b>' * 3_000_000))",
    "metadata of 10 MB": "display(1, metadata={'a': 'A' * 10_000_000})",
    "a million small outputs": "for number in range(1_000_000):\n    display(number)",
    "prints without end": "while True:\n    print('A' * 100_000)",
    "buffers of widgets": (
        "from comm import create_comm\n"
        "for _ in range(50):\n"
        "    create_comm(target_name='a', data={}, buffers=[b'A' * 5_000_000])"
    ),
    "forged messages": (
        "kernel = get_ipython().kernel\n"
        "for content in ([], {}, {'text': {}}, {'data': [1]}, {'execution_state': 1}):\n"
        "    for kind in ('stream', 'error', 'display_data', 'execute_result', 'status'):\n"
        "        parent = kernel.get_parent()\n"
        "        kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)"
    ),
}
# Code of an answer in the place of the honest one.
ANSWERS = {
    "a list of four million": "return [1] * 4_000_000",
    "text of 60 MB": "return 'A' * 60_000_000",
    "deep lists": (
        "value = []\n    for _ in range(100_000):\n        value = [value]\n    return value"
    ),
    "an array of shape (2**27, 0)": "import numpy\n    return numpy.zeros((2**27, 0))",
    "an array of 20,000 axes' worth": "import numpy\n    return numpy.zeros((20_000, 1, 1, 1, 1))",
    "a forged display of a set": (
        "from classroom.checks import plain_values\n"
        "    plain_values.encode = lambda value: '{' + '1,' * 500_000 + '1}'"
    ),
    "a forged answer of 30 MB": (
        "from classroom.checks import plain_values\n"
        "    plain_values.encode = lambda value: '[' * 30_000_000"
    ),
    "a forged answer of 60 MB": (
        "from classroom.checks import plain_values\n"
        "    plain_values.encode = lambda value: 'A' * 60_000_000"
    ),
}
PROCESSES = {
    "240 children that spin": (
        "import os\n"
        "for _ in range(240):\n"
        "    if not os.fork():\n"
        "        while True:\n"
        "            pass"
    ),
    "8,000 sockets": (
        "import glob, os, socket, time\n"
        "folder = get_ipython().kernel.session and os.path.dirname(\n"
        "    __import__('ipykernel.kernelapp').kernelapp.IPKernelApp.instance().ip)\n"
        "for number in range(8000):\n"
        "    socket.socket(socket.AF_UNIX).bind(f'{folder}/{number}')\n"
        "time.sleep(5)"
    ),
    "memory without end": "held = []\nwhile True:\n    held.append(bytearray(50_000_000))",
    "a dead kernel": "import os\nos._exit(0)",
    "sleep": "import time\ntime.sleep(10_000)",
}


class Peak:
    """Memory that this process and its judge held at most, in bytes, above what they held before.

    Shared pages count once.
    """

    def __enter__(self):
        self.me, self.most, self.ended = psutil.Process(), 0, threading.Event()
        self.before = self._held()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def _watch(self):
        while not self.ended.wait(0.02):
            self.most = max(self.most, self._held() - self.before)

    def _held(self):
        total = self.me.memory_info().rss
        for child in self.me.children():
            try:
                if "classroom.checks.judge" in child.cmdline():
                    total += child.memory_info().rss
            except psutil.Error:
                continue
        return total


def attack(code, answer=HONEST, files=None):
    """Runs an attack, then an answer.

    Returns:
        The `Executed`, what stayed of the grader's memory at its peak, and the seconds.
    """
    cells = [new_code_cell(code), new_code_cell(answer), graded(CHECK, "check", 4)]
    job = Job(
        nbformat.writes(new_notebook(cells=cells)),
        CHECKS,
        files=files or {},
        bounds=Bounds(cell=3, notebook=60),
        limits=Limits(memory=3 * 2**30),
    )
    start = time.monotonic()
    with Peak() as peak:
        done = execute(job)
    return done, peak.most, time.monotonic() - start


pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(bool(sandbox.missing()), reason=f"no seal here: {sandbox.missing()}"),
]


# One of a kind; the others are for `make stress`.
RARELY = {
    "a class of errors with a name of 10 MB",
    "a page of 10 MB",
    "metadata of 10 MB",
    "text of 60 MB",
    "deep lists",
    "an array of 20,000 axes' worth",
    "a forged display of a set",
    "a forged answer of 30 MB",
}


def named(attacks):
    return [pytest.param(n, marks=[pytest.mark.stress] * (n in RARELY)) for n in attacks]


@pytest.mark.parametrize("name", named([*OUTPUTS, *PROCESSES]))
def test_it_costs_the_grader_little_and_the_honest_answer_nothing(name):
    done, memory, seconds = attack({**OUTPUTS, **PROCESSES}[name])
    assert done.cells["check"].reason == ""
    assert len(done.notebook) < 500_000
    assert memory < 300 * MEBI
    assert seconds < 60


@pytest.mark.parametrize("name", named(ANSWERS))
def test_an_answer_costs_the_grader_little_and_gets_nothing(name):
    done, memory, seconds = attack("", f"def answer(secret):\n    {ANSWERS[name]}")
    assert done.cells["check"].reason
    assert memory < 700 * MEBI
    assert seconds < 60


def test_a_file_that_would_hold_up_the_start_is_not_run():
    startup = {".ipython/profile_default/startup/00.py": b"import time; time.sleep(1000)"}
    done, _, seconds = attack("", files=startup)
    assert done.cells["check"].reason == ""
    assert seconds < 30


@pytest.mark.parametrize("name", ["a dead kernel", "8,000 sockets"])
def test_a_kernel_that_dies_leaves_no_folder(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    done, _, _ = attack(PROCESSES[name])
    assert "The kernel ended" in done.notes[0]
    assert list(tmp_path.glob("course-kernel-*")) == []


@pytest.mark.alone
@pytest.mark.skipif(os.cpu_count() < 2, reason="one processor cannot be divided")
def test_children_that_spin_cost_another_submission_no_time():
    """The other one computes for two of its three seconds, and would have a 120th of them."""
    works = "import time\nwhile time.process_time() < 2:\n    pass"
    with workers.workers(2) as pool:
        spins = pool.submit(attack, PROCESSES["240 children that spin"])
        time.sleep(1)
        done, _, seconds = pool.submit(attack, works).result()
        spins.result()
    assert done.cells["check"].reason == ""
    assert nbformat.reads(done.notebook, as_version=4).cells[0].outputs == []
    assert seconds < 30
