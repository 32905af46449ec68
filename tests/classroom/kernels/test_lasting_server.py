import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from classroom.kernels import lasting_server, provisioner, warm_server
from classroom.kernels.lasting_server import retire, sharing
from tests.classroom.kernels.test_fork_server import ask, evaluate, kernel

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(not warm_server.can_fork(), reason="this machine cannot fork kernels"),
]


@pytest.fixture(autouse=True)
def private(monkeypatch, tmp_path_factory):
    """A place of its own for the sockets, whose path is short, and no server but these tests'."""
    place = tmp_path_factory.mktemp("r")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
    monkeypatch.delenv("COURSE_WARM", raising=False)
    yield place
    for server in servers(place):
        server.kill()


def servers(place):
    """Processes of servers whose socket lies, or lay, below a folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if any(argument.startswith(str(place)) for argument in process.info["cmdline"] or ())
    ]


def wait_until_ended(place):
    for server in provisioner._servers.values():  # as when a command has ended
        server.connection.shutdown(socket.SHUT_RDWR)
    psutil.wait_procs(servers(place), 30)
    assert servers(place) == []


def test_one_server_gives_kernels_to_commands_until_nobody_comes(private):
    pids = set()
    for _ in range(2):
        with sharing(idle=0.2) as address:
            assert os.environ["COURSE_WARM"] == address
            pids.add(ask("import os", "os.getppid()"))
            assert ask("import sys", "'keras' in sys.modules")
        assert "COURSE_WARM" not in os.environ
    (server,) = servers(private)
    assert pids == {server.pid}
    wait_until_ended(private)
    assert [path.name for path in Path(address).parent.iterdir()] == ["lock"]


def test_a_server_that_is_told_to_end_lets_its_kernels_live(private):
    async def live_on():
        with sharing():
            async with kernel() as (_, client):
                assert retire() == 1
                assert await evaluate(client, "", "1 + 1") == 2
                assert retire() == 0

    asyncio.run(live_on())
    wait_until_ended(private)


def test_commands_at_the_same_time_start_one_server(private):
    code = (
        "from classroom.kernels.lasting_server import sharing\n"
        "with sharing() as address: print(address)"
    )
    commands = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    addresses = {command.communicate()[0] for command in commands}
    assert len(addresses) == len(servers(private)) == 1


def test_a_killed_server_is_replaced(private):
    with sharing() as address:
        (first,) = servers(private)
        first.kill()
        first.wait(30)
    with sharing() as again:
        assert address == again
        (second,) = servers(private)
        assert second.pid != first.pid


def test_a_server_of_an_older_state_is_told_to_end(private):
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(lasting_server._find_folder() / "0123456789abcdef"))
        old.listen()
        with sharing():
            connection, _ = old.accept()
    assert json.loads(connection.recv(100)) == {"retire": True}


@pytest.mark.parametrize("changed", ["course_lib/quiet.py", "classroom/checks/hidden.py"])
def test_a_changed_file_makes_another_state(monkeypatch, tmp_path, changed):
    file = tmp_path / changed
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setattr(lasting_server, "ROOT", tmp_path)
    before = lasting_server._fingerprint()
    assert lasting_server._fingerprint() == before
    file.write_text("x = 1")
    assert lasting_server._fingerprint() != before


def test_a_folder_that_others_may_enter_is_not_used(private):
    folder = lasting_server._find_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    for unsafe in (0o777, 0o701):
        folder.chmod(unsafe)
        with sharing() as address:
            assert address is None
    folder.rmdir()
    (private / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(private / "elsewhere")
    with sharing() as address:
        assert address is None
    assert servers(private) == []
