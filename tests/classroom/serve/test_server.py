"""The server of `course serve`, asked as browsers, other sites and other programs would."""

import asyncio
import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from urllib.parse import urlencode, urlsplit

import psutil
import pytest
from bs4 import BeautifulSoup

from classroom.course import Course
from classroom.results.gradebook import read_comments, read_scores
from classroom.serve import written
from classroom.serve.server import serve
from tests.classroom.serve.conftest import ANSWERS, STEAL, fill, hand_over

pytestmark = pytest.mark.services

QUEUE = "/labs/tiny/written/tiny/why"
PAGES = ["/", "/labs/tiny/report", "/labs/tiny/feedback", "/labs/tiny/feedback/ada", QUEUE]
COURSE = [sys.executable, "-c", "from classroom.cli import run; run()"]


class Client:
    """Asks the server; keeps its cookies, as a browser does."""

    def __init__(self, address):
        parts = urlsplit(address)
        self.port, self.key = parts.port, parts.query.removeprefix("key=")
        self.cookies = {}

    def ask(self, method, path, form=None, **headers):
        """Returns the status, the headers and the text of an answer."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, form and urlencode(form), headers)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def enter(self):
        assert self.get(f"/?key={self.key}")[0] == 303
        return self

    def forms(self):
        """The fields of the forms for all answers, by student."""
        soup = BeautifulSoup(self.get(QUEUE)[2], "html.parser")
        forms = [
            {field["name"]: field.get("value", "") for field in form.select("input")}
            for form in soup.select("form")
        ]
        return {form["student"]: form for form in forms}


@pytest.fixture(scope="module")
def course(released_lab, tmp_path_factory):
    root = tmp_path_factory.mktemp("served") / "course"
    return fill(Course(shutil.copytree(released_lab.root, root)))


@pytest.fixture(scope="module")
def address(course):
    """Address of a server of the course."""
    found, loop = [], asyncio.new_event_loop()
    ready = threading.Event()
    task = loop.create_task(serve(course, 0, lambda a: (found.append(a), ready.set())))

    def run():
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(20)
    yield found[0]
    loop.call_soon_threadsafe(task.cancel)
    thread.join()


@pytest.fixture
def stranger(address):
    return Client(address)


@pytest.fixture
def client(stranger):
    return stranger.enter()


def read_why(course, student):
    with course.gradebook("tiny") as gradebook:
        grade = gradebook.find_grade("why", "tiny", "tiny", student)
        return grade.manual_score, grade.needs_manual_grade


@pytest.mark.parametrize("path", [*PAGES, "/assets/pages.css", "/nothing", "/?key=wrong", "/?key="])
def test_nobody_enters_without_the_key(stranger, path):
    status, _, text = stranger.get(path)
    assert status == 401
    assert "ada" not in text
    assert "tiny" not in text
    assert stranger.cookies == {}


def test_the_key_is_in_the_address_once_and_then_a_cookie_of_this_site(stranger):
    status, headers, _ = stranger.get(f"{QUEUE}?key={stranger.key}")
    assert (status, headers["Location"]) == (303, QUEUE)
    (cookie,) = headers.get_all("Set-Cookie")
    assert cookie.startswith(f"course-{stranger.port}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert stranger.key not in cookie
    assert stranger.get(QUEUE)[0] == 200
    assert stranger.get(f"//evil.example/?key={stranger.key}")[1]["Location"] == "/evil.example/"


def test_a_made_up_cookie_opens_nothing(client):
    (name, value), *_ = client.cookies.items()
    client.cookies = {name: value[:-4] + "0000"}
    assert client.get("/")[0] == 401


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_with_a_policy_under_which_nothing_foreign_runs(client, path):
    status, headers, text = client.get(path)
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"(script|default)-src[^;]*'unsafe", policy)
    assert ("sandbox" in policy) == (path in PAGES[1:4:2])
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    scripts = BeautifulSoup(text, "html.parser").select("script")
    assert [script.get("src") for script in scripts] == ["/assets/queue.js"] * (path == QUEUE)
    assert not any(script.text for script in scripts)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1"]
)
def test_another_name_of_this_machine_is_refused(client, host):
    """A site whose name leads to this machine all of a sudden gets nothing, key or not."""
    host = host.format(port=client.port)
    for path in ("/", f"/?key={client.key}"):
        status, headers, _ = client.get(path, Host=host)
        assert (status, headers.get("Set-Cookie")) == (403, None)
    assert client.get("/", Host=f"LocalHost:{client.port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"},
    ],
)
def test_a_page_from_elsewhere_is_refused(client, course, headers):
    form = client.forms()["bob"] | {"points": "1"}
    assert client.get("/", **headers)[0] == 403
    assert client.ask("POST", QUEUE, form, **headers)[0] == 403
    assert read_why(course, "bob") == (None, True)


def test_a_link_from_elsewhere_may_lead_here_and_a_form_may_not(client, course):
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    form = client.forms()["bob"] | {"points": "1"}
    assert client.get("/", **link)[0] == 200
    assert client.ask("POST", QUEUE, form, **link)[0] == 403
    assert read_why(course, "bob") == (None, True)


@pytest.mark.parametrize("token", [None, "", "2|1|2|3", "wrong"])
def test_a_form_that_this_site_did_not_make_saves_nothing(client, course, token):
    form = client.forms()["bob"] | {"points": "1"}
    form.pop("_xsrf") if token is None else form.update(_xsrf=token)
    assert client.ask("POST", QUEUE, form)[0] == 403
    assert read_why(course, "bob") == (None, True)


@pytest.mark.parametrize(
    "path",
    [
        "/labs/other/report",
        "/labs/..%2F..%2Fetc/report",
        "/labs/../tiny/report",
        "/labs/tiny/feedback/..%2F..%2F..%2Fgradebook.db",
        "/labs/tiny/feedback/nobody",
        "/labs/tiny/written/..%2Ftiny/why",
        "/labs/tiny/written/tiny/double",
        "/assets/queue.html",
        "/assets/..%2Flayout.html",
        "/assets/../../style.css",
        "/labs/*/feedback",
    ],
)
def test_there_is_nothing_beside_the_pages(client, path):
    status, _, text = client.get(path)
    assert status == 404
    assert "There is no such page." in text


def test_other_methods_do_nothing(client):
    assert client.ask("PUT", QUEUE, client.forms()["bob"])[0] == 405
    assert client.ask("DELETE", QUEUE, client.forms()["bob"])[0] == 405


def test_a_grade_is_saved_by_the_form_and_by_the_script(client, course):
    form = client.forms()["ada"] | {"points": "0,5", "comment": "<b>Good</b>"}
    own = {"Origin": f"http://127.0.0.1:{client.port}"}
    status, headers, _ = client.ask("POST", QUEUE, form, **own)
    assert (status, headers["Location"]) == (303, QUEUE)
    assert read_why(course, "ada") == (0.5, False)
    assert read_comments(course, "tiny")["ada"] == {"why": "<b>Good</b>"}
    assert "&lt;b&gt;Good&lt;/b&gt;" in client.get("/labs/tiny/feedback/ada")[2]
    script = {"Accept": "application/json", "Sec_Fetch_Site": "same-origin", **own}
    status, _, text = client.ask("POST", QUEUE, form | {"points": ""}, **script)
    assert (status, json.loads(text)) == (200, {"waits": True, "waiting": 3})
    assert read_why(course, "ada") == (None, True)


def test_what_cannot_be_saved_is_said(client, course):
    form = client.forms()["ada"] | {"points": "2", "comment": "Too much."}
    status, _, text = client.ask("POST", QUEUE, form, Accept="application/json")
    assert (status, json.loads(text)) == (
        400,
        {"error": "Points are a number from 0 to 1, not '2'."},
    )
    form["points"] = "1"
    hand_over(course, "ada", "Another answer.")
    status, _, text = client.ask("POST", QUEUE, form)
    assert status == 409
    assert "handed in another answer" in text
    hand_over(course, "ada", ANSWERS["ada"])
    status, _, text = client.ask("POST", QUEUE, {"_xsrf": form["_xsrf"]})
    assert (status, "lacks something" in text) == (400, True)
    assert read_why(course, "ada") == (None, True)
    assert "Too much." not in str(read_comments(course, "tiny"))


def test_an_answer_is_text_whatever_it_holds(client):
    soup = BeautifulSoup(client.get(QUEUE)[2], "html.parser")
    (eve,) = (
        answer
        for answer in soup.select(".answer")
        if "cover</div>" in answer.text and STEAL in answer.text
    )
    shown = [tag for tag in eve.find_all(True) if tag.name not in ("p", "math", "mrow", "mtext")]
    assert {tag.name for tag in shown} <= {"a", "mi", "br"}
    assert [link.get("href") for link in eve.select("a")] == [None, None, "https://good.example"]
    allowed = {"href", "xmlns", "display"}
    assert {name for tag in eve.find_all(True) for name in tag.attrs} <= allowed
    assert len(soup.select("#waiting")) == 1


def test_only_this_machine_is_listened_to(stranger):
    listening = [
        connection.laddr
        for connection in psutil.Process().net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == stranger.port
    ]
    assert [place.ip for place in listening] == ["127.0.0.1"]


def test_a_taken_port_is_named(stranger, course):
    with pytest.raises(ValueError, match=f"Port {stranger.port} .* cannot be used"):
        asyncio.run(serve(course, stranger.port, print))


def test_nothing_of_an_answer_runs_in_a_browser(client):
    chromium = shutil.which("chromium") or pytest.skip("chromium is not installed")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    options += ["--disable-background-networking", "--virtual-time-budget=3000"]
    place = f"http://127.0.0.1:{client.port}{QUEUE}?key={client.key}"
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, *options, f"--user-data-dir={profile}", "--dump-dom", place]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    assert "data-owned" not in shown
    assert "cover&lt;/div&gt;" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent there")
def test_the_command_says_where_to_look_and_ends_with_ctrl_c(course):
    command = [*COURSE, "--course", str(course.root), "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        address = server.stdout.readline().decode().split()[-1]
        assert Client(address).enter().get("/")[0] == 200
        server.send_signal(signal.SIGINT)
        rest = server.stdout.read().decode()
    assert server.returncode == 0
    assert "Traceback" not in rest
    assert read_scores(course, "tiny").students.keys() == ANSWERS.keys()
    assert len(written.find_questions(course, "tiny")) == 1
