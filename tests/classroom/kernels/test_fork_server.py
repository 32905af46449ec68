import ast
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path

import nbclient
import nbformat
import papermill
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import Execute

from classroom import sandbox
from classroom.kernels import provisioner, warm_server
from classroom.kernels.provisioner import WarmServerError
from classroom.kernels.socket_manager import SocketKernelManager, open_channels
from classroom.sandbox import WORK, SandboxError, Seal

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(not warm_server.can_fork(), reason="this machine cannot fork kernels"),
]

TRAIN = """
import numpy as np
import keras

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((8, 3)), np.ones(8), verbose=0)
len(model.history.epoch)
"""
CLIENT = """
import asyncio
from tests.classroom.kernels.test_fork_server import kernel

async def main():
    async with kernel() as (manager, client):
        print(manager.provisioner.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def address():
    with warm_server.serving() as address:
        yield address


@pytest.fixture(autouse=True)
def shared(request, monkeypatch):
    """Most tests share a server; those with the fixture `own` use that of this process."""
    if "own" in request.fixturenames:
        monkeypatch.delenv("COURSE_WARM", raising=False)
    else:
        monkeypatch.setenv("COURSE_WARM", request.getfixturevalue("address"))


@pytest.fixture
def own():
    """Ends the server of this process after the test."""
    yield
    provisioner._own.close()


@asynccontextmanager
async def kernel(name="course", sealed=False, **options):
    manager = SocketKernelManager(kernel_name=name)
    if sealed:
        options["seal"] = Seal(manager.sockets)
    try:
        await manager.start_kernel(**options)
        client = manager.client()
        try:
            await open_channels(client)
            yield manager, client
        finally:
            client.stop_channels()
    finally:
        await manager.shutdown_kernel(now=True)


async def evaluate(client, code, expression="None"):
    """Runs code and returns the value of an expression."""
    reply = await client.execute_interactive(
        code, user_expressions={"_": expression}, timeout=120, output_hook=lambda message: None
    )
    assert reply["content"]["status"] == "ok", reply["content"]
    return ast.literal_eval(reply["content"]["user_expressions"]["_"]["data"]["text/plain"])


def ask(code, expression="None", **options):
    """The value of an expression after some code in a kernel of its own."""

    async def answer():
        async with kernel(**options) as (_, client):
            return await evaluate(client, code, expression)

    return asyncio.run(answer())


async def wait_until(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "It did not happen in time."
        await asyncio.sleep(0.05)


def has_ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# Starting.


def test_many_kernels_start_at_once():
    async def all_of_them():
        async def one(number):
            async with kernel() as (_, client):
                return await evaluate(client, "", f"{number} + 1")

        return await asyncio.gather(*map(one, range(24)))

    assert asyncio.run(all_of_them()) == list(range(1, 25))


@pytest.mark.slow
@pytest.mark.parametrize("starts", [100, pytest.param(500, marks=pytest.mark.stress)])
def test_many_starts_without_a_failure(starts):
    async def all_of_them():
        places = asyncio.Semaphore(24)

        async def one(number):
            async with places, kernel() as (_, client):
                return await evaluate(client, "", f"{number} + 1")

        return await asyncio.gather(*map(one, range(starts)), return_exceptions=True)

    assert asyncio.run(all_of_them()) == list(range(1, starts + 1))


def test_a_kernel_answers_after_little_work_of_its_own():
    seconds = ask("import time", "time.process_time()")
    assert seconds < 0.4


@pytest.mark.slow
@pytest.mark.alone
def test_the_first_training_step_comes_sooner_than_after_a_cold_start():
    def seconds(name):
        start = time.perf_counter()
        assert ask(TRAIN, "len(model.history.epoch)", name=name) == 1
        return time.perf_counter() - start

    ask("")
    assert min(seconds("course") for _ in range(2)) < seconds("python3") / 4


def test_the_parent_stays_untouched():
    """What a kernel finds before it runs anything is what its parent has."""
    code = "import os\nfrom tensorflow.python.eager import context"
    untouched = "getattr(context._context, '_context_handle', None) is None, os.getppid()"
    assert ask(code, "type(context.context()).__name__") == "Context"
    asked = ask(code, untouched)
    assert asked[0] is True
    server = psutil.Process(asked[1])
    assert server.num_threads() == 1
    devices = [Path(os.readlink(file)) for file in Path(f"/proc/{server.pid}/fd").iterdir()]
    assert not [device for device in devices if device.name.startswith("nvidia")]


def test_a_kernel_is_where_and_how_it_was_asked_to_be(tmp_path):
    environment = {"COLOUR": "green", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    code = "import os, sys, threadpoolctl"
    found = (
        "os.getcwd(), dict(os.environ), os.getsid(0) == os.getpid(), os.readlink('/proc/self/fd/0')"
    )
    where, variables, leads, stdin = ask(code, found, cwd=tmp_path, env=environment)
    assert (where, leads, stdin) == (str(tmp_path), True, "/dev/null")
    assert variables.items() >= environment.items()
    assert "COURSE_WARM" not in variables
    threads = (
        "{(pool['user_api'], pool['num_threads']) for pool in threadpoolctl.threadpool_info()}"
    )
    assert ask(code, threads, env=environment) == {("blas", 1), ("openmp", 1)}
    three = ask(code, threads, env={**environment, "OMP_NUM_THREADS": "3"})
    assert three == {("blas", 1), ("openmp", 3)}


def test_two_kernels_draw_different_random_numbers():
    code = "import random, keras, numpy as np, tensorflow as tf"
    drawn = (
        "random.random(), np.random.rand(), float(tf.random.uniform(())), "
        "float(keras.random.uniform(())), float(keras.layers.Dense(1)(np.ones((1, 1)))[0, 0])"
    )
    for one, other in zip(ask(code, drawn), ask(code, drawn)):
        assert one != other


# Signals and ends.


def test_a_cell_can_be_interrupted_and_the_kernel_goes_on():
    async def interrupt(**options):
        async with kernel(**options) as (manager, client):
            running = asyncio.ensure_future(
                client.execute_interactive("import time\ntime.sleep(60)", timeout=30)
            )
            await asyncio.sleep(1)
            await manager.interrupt_kernel()
            reply = await running
            return reply["content"]["ename"], await evaluate(client, "x = 1", "x")

    assert asyncio.run(interrupt()) == ("KeyboardInterrupt", 1)


def test_an_interrupt_does_not_reach_what_comes_after():
    """It is over when the server has sent the signal, however late that is."""

    async def interrupt():
        async with kernel() as (manager, client):
            server = psutil.Process(manager.provisioner.pid).parent()
            server.suspend()
            interrupting = asyncio.ensure_future(manager.interrupt_kernel())
            await asyncio.sleep(0.2)
            assert not interrupting.done()
            server.resume()
            await interrupting
            return await evaluate(client, "x = sum(range(10**6))", "x")

    assert asyncio.run(interrupt()) == sum(range(10**6))


def test_a_kernel_can_be_restarted():
    async def restart(now):
        async with kernel() as (manager, client):
            await evaluate(client, "x = 1")
            first = manager.provisioner.pid
            await manager.restart_kernel(now=now)
            await client.wait_for_ready(timeout=60)
            again = await evaluate(client, "", "'x' in globals()")
            return first != manager.provisioner.pid, has_ended(first), again

    assert asyncio.run(restart(now=True)) == (True, True, False)
    assert asyncio.run(restart(now=False)) == (True, True, False)


def test_the_status_of_a_kernel_that_ends_is_told():
    async def end():
        async with kernel() as (manager, client):
            assert await manager.provisioner.poll() is None
            client.execute("import os; os._exit(3)")
            return await asyncio.wait_for(manager.provisioner.wait(), 30)

    assert asyncio.run(end()) == 3


def test_a_kernel_takes_its_processes_along():
    async def leave():
        async with kernel() as (_, client):
            code = "import subprocess\nprocess = subprocess.Popen(['sleep', '600'])"
            left = await evaluate(client, code, "process.pid")
            client.execute("import os; os._exit(0)")
            await wait_until(lambda: has_ended(left))

    asyncio.run(leave())


@pytest.mark.parametrize("server", ["shared", "own"])
def test_kernels_end_with_a_client_that_is_killed(server, address, tmp_path):
    environment = {**os.environ, "COURSE_WARM": address if server == "shared" else ""}
    environment["TMPDIR"] = str(tmp_path)
    root = Path(__file__).parents[3]
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT], stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    )
    with client:
        pid = int(client.stdout.readline())
        parent = psutil.Process(pid).ppid()
        client.kill()
    asyncio.run(wait_until(lambda: has_ended(pid)))
    if server == "own":
        asyncio.run(wait_until(lambda: has_ended(parent)))
    else:
        assert ask("", "1 + 1") == 2


def test_a_server_that_is_killed_is_told_and_replaced(own):
    async def lose(sealed=False):
        async with kernel(sealed=sealed) as (manager, _):
            pid = manager.provisioner.pid
            server = psutil.Process(pid).parent()
            server.suspend()
            waiting = asyncio.ensure_future(
                SocketKernelManager(kernel_name="course").start_kernel()
            )
            await asyncio.sleep(0.5)
            server.kill()
            with pytest.raises(WarmServerError, match=r"the warm server has ended"):
                await waiting
            await wait_until(lambda: has_ended(pid))
            assert await asyncio.wait_for(manager.provisioner.wait(), 5) == -signal.SIGKILL

    asyncio.run(lose())
    assert ask("", "1 + 1") == 2


def test_an_address_without_a_server_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_WARM", str(tmp_path / "nobody"))
    with pytest.raises(WarmServerError, match=r"No warm server listens at .*nobody"):
        ask("")


def test_a_kernel_that_cannot_start_says_why(tmp_path):
    with pytest.raises(WarmServerError, match=r"FileNotFoundError.*nowhere"):
        ask("", cwd=tmp_path / "nowhere")
    with pytest.raises(WarmServerError, match=r"Keras on jax .*imported it on tensorflow"):
        ask("", env={**os.environ, "KERAS_BACKEND": "jax"})
    assert ask("", "1 + 1") == 2


def test_a_bad_client_harms_nobody(address):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(address)
        client.sendall(b'{"kernel": 7, "signal": 9}\nnonsense\n')
        assert client.recv(1) == b""
    assert ask("", "1 + 1") == 2


def test_the_environment_names_a_server_as_long_as_it_serves(monkeypatch):
    monkeypatch.delenv("COURSE_WARM")
    with warm_server.serving() as there, warm_server.serving() as again:
        assert os.environ["COURSE_WARM"] == there == again
    assert "COURSE_WARM" not in os.environ


def test_a_server_leaves_nothing_behind(own, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pid = ask("import os", "os.getppid()")
    assert [path.name[:12] for path in tmp_path.iterdir()] == ["course-warm-"]
    provisioner._own.close()
    assert list(tmp_path.iterdir()) == []
    assert has_ended(pid)


def test_a_process_forked_from_a_client_does_not_share_its_server(own):
    async def fork():
        async with kernel() as (_, client):
            if not os.fork():
                provisioner._own.close()
                os._exit(len(provisioner._servers))
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
            assert await evaluate(client, "", "1 + 1") == 2

    asyncio.run(fork())
    assert ask("", "1 + 1") == 2


# Sealed.


@pytest.mark.skipif(bool(sandbox.missing()), reason="; ".join(sandbox.missing()))
def test_a_sealed_kernel_is_interrupted_ended_and_told_about_like_others():
    async def use():
        async with kernel(sealed=True) as (manager, client):
            found = await evaluate(client, "import os, time", "os.getcwd(), os.getpid()")
            running = asyncio.ensure_future(client.execute_interactive("time.sleep(60)"))
            await asyncio.sleep(1)
            await manager.interrupt_kernel()
            assert (await running)["content"]["ename"] == "KeyboardInterrupt"
            client.execute("os._exit(4)")
            return found, await asyncio.wait_for(manager.provisioner.wait(), 30)

    (folder, number), status = asyncio.run(use())
    assert (folder, status) == (WORK, 4)
    assert number < 10


@pytest.mark.skipif(bool(sandbox.missing()), reason="; ".join(sandbox.missing()))
def test_a_sealed_kernel_trains_and_draws():
    draw = "import matplotlib.pyplot as plt\nfigure = plt.figure()\nfigure.canvas.draw()"
    found = "len(model.history.epoch), figure.number"
    assert ask(TRAIN + draw, found, sealed=True) == (1, 1)


def test_a_kernel_that_cannot_be_sealed_says_why(tmp_path):
    with pytest.raises(WarmServerError, match=r"SandboxError: There is no folder .*nowhere"):
        ask("", seal=Seal(str(tmp_path / "nowhere")))


# Other programs' use.


@pytest.fixture
def notebook():
    cells = [
        new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]);"),
        new_code_cell("import os\nprint(os.getppid())"),
    ]
    return new_notebook(cells=cells)


@pytest.fixture
def server():
    return ask("import os", "os.getppid()")


def check(notebook, server):
    figure, printed = (cell.outputs for cell in notebook.cells[-2:])
    assert "image/png" in figure[0].data
    assert int(printed[0].text) == server


def test_nbclient_runs_a_notebook_with_it(notebook, server):
    nbclient.execute(notebook, kernel_name="course")
    check(notebook, server)


def test_papermill_runs_a_notebook_with_it(notebook, server, tmp_path):
    nbformat.write(notebook, tmp_path / "in.ipynb")
    executed = papermill.execute_notebook(
        tmp_path / "in.ipynb", None, kernel_name="course", progress_bar=False
    )
    check(executed, server)


def test_nbgrader_executes_a_notebook_with_it(notebook, server):
    notebook.metadata.kernelspec = {"name": "course"}
    executed, _ = Execute().preprocess(notebook, {"metadata": {}})
    check(executed, server)


def test_a_server_imports_nothing_from_where_it_starts(tmp_path, monkeypatch):
    (tmp_path / "selectors.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # which Python 3.10 does not know
    with warm_server.start_server() as address:
        assert Path(address).is_socket()


# Where kernels cannot be forked.


def test_an_ordinary_kernel_is_started_where_none_can_be_forked(monkeypatch, caplog, own):
    monkeypatch.setattr(warm_server, "can_fork", lambda: False)
    assert ask("import os", "os.getppid()") == os.getpid()
    assert "cannot fork kernels" in caplog.text


def test_a_kernel_that_cannot_be_sealed_is_refused(monkeypatch):
    monkeypatch.setattr(warm_server, "can_fork", lambda: False)
    with pytest.raises(SandboxError, match=r"needs Linux on x86-64 or ARM\."):
        ask("", sealed=True)
