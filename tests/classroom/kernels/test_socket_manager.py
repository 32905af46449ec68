import asyncio
import sys
import tempfile
from queue import Empty

import pytest

from classroom.kernels.socket_manager import SocketKernelManager, open_channels

pytestmark = pytest.mark.services


async def run_code(code):
    manager = SocketKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        reply = await client.execute_interactive(code, timeout=30, output_hook=lambda message: None)
        return reply["content"]["status"]
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets are not to be had")
def test_kernels_use_sockets_and_remove_them(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert asyncio.run(run_code("1 + 1")) == "ok"
    assert list(tmp_path.iterdir()) == []


def test_many_kernels_start_at_once():
    async def all_of_them():
        return await asyncio.gather(*(run_code("1 + 1") for _ in range(12)))

    assert asyncio.run(all_of_them()) == ["ok"] * 12


def test_what_a_kernel_prints_does_not_reach_the_terminal(capfd):
    asyncio.run(run_code("import os; os.write(2, b'noise'); os.write(1, b'noise')"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets are not to be had")
def test_sockets_fit_where_the_temporary_folder_has_a_long_name(monkeypatch, tmp_path):
    """Unix allows about a hundred characters for the path of a socket."""
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert asyncio.run(run_code("1 + 1")) == "ok"


def test_a_client_with_open_channels_misses_nothing():
    async def first_messages():
        manager = SocketKernelManager(kernel_name="python3")
        await manager.start_kernel()
        client = manager.client()
        try:
            await open_channels(client)
            request = client.execute("print('first')")
            while True:
                message = await client.get_iopub_msg(timeout=30)
                is_reply = message["parent_header"].get("msg_id") == request
                if is_reply and message["msg_type"] == "stream":
                    return message["content"]["text"]
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)

    assert asyncio.run(first_messages()) == "first\n"


def test_open_channels_gives_up_when_no_kernel_answers():
    async def wait():
        manager = SocketKernelManager(kernel_name="python3")
        manager.write_connection_file()
        client = manager.client()
        try:
            await open_channels(client, timeout=0.5)
        finally:
            client.stop_channels()
            manager.cleanup_connection_file()

    with pytest.raises(Empty):
        asyncio.run(wait())
