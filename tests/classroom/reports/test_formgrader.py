"""nbgrader's own web application on the gradebook of a class."""

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from nbgrader.server_extensions.formgrader import handlers

import classroom
from classroom.grading.grade_class import grade

pytestmark = pytest.mark.services


RIGHT = "def double(x):\n    return 2 * x"
STEAL = "document.documentElement.dataset.owned=1"
# What would run in a page, where raw HTML gets into one.
HOSTILE = f"""<script>{STEAL}</script> <img src=x onerror="{STEAL}"> <svg onload="{STEAL}">
<SCRIPT>{STEAL}</SCRIPT> <details open ontoggle="{STEAL}">x</details>
<iframe srcdoc="<script>parent.{STEAL}</script>"></iframe>
[link](javascript:{STEAL}) [other]( JaVaScRiPt:{STEAL}) [entity](&#106;avascript:{STEAL})
[by reference][a] <javascript:{STEAL}> ![x](javascript:{STEAL}) $<img src=x onerror="{STEAL}">$

[a]: javascript:{STEAL}

```html
<script>{STEAL}</script>
```

    <script>{STEAL}</script>
"""
# Formulas that latex2mathml turns into tags and attributes as they stand.
FORMULAS = rf"$\text{{<script>{STEAL}</script>}} \href{{javascript:{STEAL}}}{{x}}$"


@pytest.fixture
def address(lab, hand_in, answer):
    """Address of a Jupyter server that runs in the lab's course, with two graded submissions."""
    hand_in("ada", RIGHT)
    hostile = answer(f"from IPython.display import HTML, Markdown, Javascript\n{RIGHT}")
    hostile.cells[-1].source = f"{HOSTILE}\n\nThe mean, $\\frac{{a}}{{b}}$, {FORMULAS}"
    hostile.cells += [
        new_markdown_cell(HOSTILE),
        new_raw_cell(HOSTILE, metadata={"raw_mimetype": "text/html", "format": "text/html"}),
        new_code_cell(f"display(*(kind({HOSTILE!r}) for kind in (HTML, Markdown)))"),
        new_code_cell(f"Javascript({STEAL!r})"),
        new_code_cell(f"print({HOSTILE!r})"),
        new_code_cell(f"raise type('<b>', (Exception,), {{}})({HOSTILE!r})"),
    ]
    hand_in("eve", raw=nbformat.writes(hostile))
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


def test_formgrader_shows_the_class_without_a_network_and_misses_no_exchange(address):
    (assignment,) = json.loads(get(address, "api/assignments"))
    assert (assignment["name"], assignment["num_submissions"]) == ("tiny", 2)
    submission, _ = json.loads(get(address, "api/submissions/tiny"))
    assert (submission["student"], submission["score"]) == ("ada", 3)
    assert submission["autograded"]
    assert "nbgrader formgrade" in get(address, "gradebook/tiny")
    start = get(address, "manage_assignments")
    assert 'id="main-table"' in start
    assert "warning-exchange" not in start
    notebooks = json.loads(get(address, "api/submitted_notebooks/tiny/tiny"))
    (notebook,) = (one for one in notebooks if one["student"] == "eve")
    page = get(address, f"submissions/{notebook['id']}/")
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>" in page
    for shown in (start, page):
        soup = BeautifulSoup(shown, "html.parser")
        loaded = [tag.get("src") or tag.get("href") for tag in soup.select("[src], link[href]")]
        assert len(loaded) > 5
        assert {path[:12] for path in loaded} <= {"/formgrader/", "data:image/p"}


def test_what_formgrader_may_run_below_students_answers_is_its_own():
    """Names nbgrader when it changes a script that stands below our policy."""
    macros = Path(handlers.template_path, "formgrade", "formgrade_macros.html.j2").read_text()
    navigation = macros[macros.index("{% macro nav(") :]
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", navigation, re.DOTALL)
    scripts += sorted(set(re.findall(r'onclick="(.*?)"', navigation)))
    checksums = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    policy = Path(classroom.__file__).with_name("templates") / "nbgrader/base/mathjax.html.j2"
    allowed = re.findall(r"'sha256-(.*?)'", policy.read_text())
    assert sorted(allowed) == sorted(checksums)


class Running(HTMLParser):
    """Collects what of a page a browser would run and what begins with `STEAL`'s words."""

    def __init__(self):
        super().__init__()
        self.found, self.in_script = [], False

    def handle_starttag(self, tag, attributes):
        self.in_script = tag == "script"
        self.found += [
            f"{tag} {name}={value}"
            for name, value in attributes
            if value and STEAL in value and (name.startswith("on") or name in ("href", "src"))
        ]
        self.found += [tag for _, value in attributes if tag == "iframe" and STEAL in (value or "")]

    def handle_endtag(self, tag):
        self.in_script = False

    def handle_data(self, data):
        if self.in_script and STEAL in data:
            self.found.append(f"script {data}")


def test_what_students_wrote_is_inert(address):
    """The page holds all of it, and nothing of it runs, by its source and in a real browser."""
    notebooks = json.loads(get(address, "api/submitted_notebooks/tiny/tiny"))
    (notebook,) = (one for one in notebooks if one["student"] == "eve")
    page = get(address, f"submissions/{notebook['id']}/")
    assert page.count("dataset.owned") > 20
    running = Running()
    running.feed(page)
    assert running.found == []
    if chromium := shutil.which("chromium"):
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        options += ["--disable-background-networking", "--virtual-time-budget=10000"]
        place = f"{address}/formgrader/submissions/{notebook['id']}/?token=token"
        with tempfile.TemporaryDirectory() as profile:
            command = [chromium, *options, f"--user-data-dir={profile}", "--dump-dom", place]
            shown = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
        assert "data-owned" not in shown.partition("<head")[0]
        assert "dataset.owned" in shown
