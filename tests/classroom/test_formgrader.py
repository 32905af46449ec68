"""nbgrader's own web application on the gradebook of a class."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from course_lib.classroom.grading import grade

pytestmark = pytest.mark.services


@pytest.fixture
def address(lab, hand_in):
    """Address of a Jupyter server that runs in the lab's course, with one graded submission."""
    hand_in("ada", "def double(x):\n    return 2 * x")
    grade(lab, "tiny")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = Path(sys.executable).parent
    command = [programs / "jupyter", "server", "--allow-root", "--no-browser", f"--port={port}"]
    options = ["--ip=127.0.0.1", "--IdentityProvider.token=token"]
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    with (lab.root / "server.log").open("w") as log:
        server = subprocess.Popen([*command, *options], cwd=lab.labs, env=environment, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def get(address, path):
    """The answer of the server, which may need a while to start."""
    for _ in range(300):
        try:
            page = f"{address}/formgrader/{path}?token=token"
            with urllib.request.urlopen(page, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise TimeoutError("The server did not start.")


def test_formgrader_shows_the_class(address):
    (assignment,) = json.loads(get(address, "api/assignments"))
    assert (assignment["name"], assignment["num_submissions"]) == ("tiny", 1)
    (submission,) = json.loads(get(address, "api/submissions/tiny"))
    assert (submission["student"], submission["score"]) == ("ada", 3)
    assert submission["autograded"]
    assert "nbgrader formgrade" in get(address, "gradebook/tiny")
