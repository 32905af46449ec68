import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from classroom import cli
from classroom.catalogue import lectures as catalogue
from classroom.catalogue.turns import tags
from classroom.cli import lectures
from classroom.course import Course
from classroom.kernels import warm_server
from classroom.lectures import lecture_cells, lecture_pages, run_lectures
from classroom.markdown import draw_formula

pytestmark = pytest.mark.services

PICTURE = """
import base64
from course_lib import plots
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(2, 2))
plots.show(figure, "an <empty> figure with \\"axes\\"")
"""
CHART = """
import altair as alt, pandas as pd
from course_lib import plots
rate = alt.param(name="rate", value=1, bind=alt.binding_range(min=0, max=2, name="rate "))
chart = alt.Chart(pd.DataFrame({"x": [1, 2], "y": [1, 2]})).mark_line().encode(x="x", y="y")
plots.slider(chart.add_params(rate), "A line that does not move.")
"""
TURN = {
    "your-turn": "def double(x):\n    return ...  # your turn",
    "check": "from course_lib import turn\nturn.check(lambda: double(3) == 6, 'Twice is 2 times.')",
    "solution": "def double(x):\n    return 2 * x",
}


def code(source, *tags, folded=False, name=None, **metadata):
    cell = new_code_cell(source)
    cell.id = name or cell.id
    cell.metadata.tags = list(tags)
    if folded:
        cell.metadata.jupyter = {"source_hidden": True}
    cell.metadata.update(metadata)
    return cell


def turn_cells(**changed):
    cells = [
        code(source, tag, folded=tag != "your-turn") for tag, source in (TURN | changed).items()
    ]
    for cell, tag in zip(cells, TURN):
        cell.id = f"twice-{tag}"
    return cells


@pytest.fixture
def write_lecture(tmp_path):
    """Returns a function that writes a lecture of given cells into a course, and reads it."""
    (tmp_path / "notebooks").mkdir()

    def write(*cells, parameters=True):
        first = new_markdown_cell(
            "# A lecture\n\nIt is short: $x^2 < y$. See [the next](02_b.ipynb#part), the "
            "[syllabus](README.md), the [lab](../labs/lab.md) and [a site](https://example.org/)."
            "\n\n<details><summary>Answer</summary>\n\nIt is *four*.\n\n</details>"
            "\n\n$$\\sum_i p_i \\log \\frac{p_i}{q_i}$$"
        )
        first.metadata.slideshow = {"slide_type": "slide", "notes": "Ask who knows **squares**."}
        given = code("PROFILE = SOURCE = 'none'\nSEED = 0", *["parameters"] * parameters)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        about = {"kernelspec": kernel, "course": {"minutes": 5, "prerequisites": ["none"]}}
        notebook = new_notebook(cells=[first, given, *cells], metadata=about)
        nbformat.write(notebook, tmp_path / "notebooks/01_a.ipynb")
        course = Course(tmp_path)
        (lecture,) = catalogue.list_lectures(course)
        return course, lecture

    return write


@pytest.fixture
def write_page(write_lecture, tmp_path):
    """Returns a function that writes the page of given cells, and returns it with its faults."""
    course, _ = write_lecture()

    def write(*cells, **metadata):
        page = tmp_path / "page.html"
        notebook = new_notebook(cells=list(cells), metadata=metadata)
        faults = lecture_pages.write_page(course, "A title", notebook, page)
        return page.read_text(), faults

    return write


@pytest.fixture
def several(write_lecture):
    """A course with four lectures, and a function that runs a command on it."""
    course, lecture = write_lecture()
    for name in ("06_fusion", "07_intermediate_fusion", "11_labels"):
        shutil.copyfile(lecture.path, course.notebooks / f"{name}.ipynb")
    course.labs.mkdir()
    (course.labs / "nbgrader_config.py").touch()

    def invoke(*arguments):
        return CliRunner().invoke(cli.app, ["--course", str(course.root), "lectures", *arguments])

    return course, invoke


def test_a_run_is_kept_as_notebook_page_and_figures(write_lecture):
    last = code("print(PROFILE, SOURCE, SEED)")
    last.id = "last"
    course, lecture = write_lecture(code(PICTURE), code(CHART), *turn_cells(), last)
    steps = []
    done = run_lectures.run(course, lecture, "full", "real", 3, step=lambda: steps.append(1))
    assert done.faults == []
    assert 0 < done.seconds < 60
    assert set(done.of_cells) > {"twice-your-turn", "twice-check", "last"}
    assert all(seconds >= 0 for seconds in done.of_cells.values())
    assert "full real 3" in done.page.read_text()
    assert [figure.read_bytes()[:4] for figure in done.figures] == [b"\x89PNG"] * 2
    assert len(steps) == lecture.steps
    source = nbformat.read(lecture.path, as_version=4)
    assert not any(cell.get("outputs") for cell in source.cells)
    kept = nbformat.read(done.page.with_suffix(".ipynb"), as_version=4)
    assert not any(lecture_cells.UNSOLVED in tags(cell) for cell in kept.cells)


def test_a_page_needs_no_network(write_lecture):
    course, lecture = write_lecture(
        code("import time; print('hidden', end='\\rseen')", "hide-input", folded=True),
        code(PICTURE),
        code(CHART),
        *turn_cells(),
        code("from course_lib import claims; claims.holds(1 < 2, '1 < 2 & more')", "claim"),
    )
    page = BeautifulSoup(run_lectures.run(course, lecture).page.read_text(), "html.parser")
    assert page.title.text == "A lecture"
    assert not page.select("script[src], link[href]")
    assert page.select_one("nav a")["href"] == "index.html"
    assert len(page.select("math")) == 2
    assert "$" not in page.select_one(".jp-MarkdownCell").text
    assert page.select_one("img")["alt"] == 'an <empty> figure with "axes"'
    links = [link["href"] for link in page.select(".jp-MarkdownCell a:not(.anchor-link)")]
    expected = ["02_b.html#part", "index.html", "../../labs/lab.md", "https://example.org/"]
    assert links == expected
    folded = [one.text.strip() for one in page.select("details.folded > summary")]
    assert folded == ["Code", "Code", "Solution"]
    assert not page.select("details[open]")
    assert page.select_one("details:not(.folded) em").text == "four"
    assert "hidden" not in page.select_one(".jp-OutputArea-output pre").text
    assert "✓ 1 < 2 & more" in page.select_one("details.claims").text
    assert any("vegaEmbed(" in script.text for script in page.select("script"))
    index = BeautifulSoup((course.build / "lectures/index.html").read_text(), "html.parser")
    assert [link["href"] for link in index.select("a")] == ["01_a.html"]


def png(**metadata):
    cell = code("...")
    data = {"image/png": "iVBORw0KGgo="}
    cell.outputs = [new_output("display_data", data=data, metadata={"image/png": metadata})]
    return cell


def test_a_picture_without_words_is_passed_over_by_readers(write_page):
    page, _ = write_page(png())
    assert BeautifulSoup(page, "html.parser").select_one("img")["alt"] == ""


def test_a_page_shows_widgets_as_texts(write_page):
    cell = code("...")
    view = {"model_id": "1", "version_major": 2, "version_minor": 0}
    data = {lecture_pages.WIDGET: view, "text/plain": "half of it"}
    cell.outputs = [new_output("display_data", data=data)]
    state = {"version_major": 2, "version_minor": 0, "state": {}}
    page, _ = write_page(cell, widgets={"application/vnd.jupyter.widget-state+json": state})
    assert "unpkg.com" not in page
    assert "half of it" in BeautifulSoup(page, "html.parser").text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\begin{aligned}a &= b \\ c &= d\end{aligned}", "a=bc=d"),
        (r"\arg\max_x f", "arg\u2009maxxf"),
        (r"\operatorname*{arg\,min}_x f", "argminxf"),
    ],
)
def test_formulas_are_drawn_whole(tex, text):
    assert BeautifulSoup(draw_formula(tex), "html.parser").text == text


@pytest.mark.parametrize(
    ("tex", "words"),
    [("x_", "is wrong: MissingSuper"), (r"\foo x", r"show a '\\\\'"), ("a & b", "'&'")],
)
def test_a_formula_that_cannot_be_drawn_is_named_and_shown_as_typed(write_page, tex, words):
    page, (fault,) = write_page(new_markdown_cell(f"See ${tex}$ here."))
    assert re.search(f"formula {re.escape(repr(tex))} .*{words}", fault)
    assert BeautifulSoup(page, "html.parser").select_one("p code").text == tex


def test_a_lecture_that_fails_is_kept_and_named(write_lecture):
    course, lecture = write_lecture(
        code(PICTURE),
        code("from course_lib import claims; claims.holds(False, 'No is yes')", "claim"),
        *turn_cells(),
        code("assert SEED < 5, 'too large a seed'", name="seed"),
        code("print('later')", name="later"),
        new_markdown_cell("It is $x_$."),
    )
    done = run_lectures.run(course, lecture, seed=7)
    assert done.faults[:3] == [
        "claim does not hold: No is yes",
        "cell seed: AssertionError: too large a seed",
        "not run: later",
    ]
    assert "'x_' is wrong" in done.faults[3]
    page = BeautifulSoup(done.page.read_text(), "html.parser")
    assert page.title.text == "A lecture"
    assert "too large a seed" in page.text
    assert len(done.figures) == 1


@pytest.mark.parametrize(
    ("end", "fault"),
    [
        ("import sys; sys.exit()", "cell end: SystemExit"),
        ("import os; os._exit(1)", "cell end: DeadKernelError: the kernel died in this cell"),
    ],
)
def test_a_lecture_that_ends_halfway_is_at_fault(write_lecture, end, fault):
    rest = code("from course_lib import claims; claims.holds(False, 'Never')", "claim", name="rest")
    course, lecture = write_lecture(code(PICTURE), code(end, name="end"), rest)
    done = run_lectures.run(course, lecture)
    assert done.faults == [fault, "not run: rest"]
    assert len(done.figures) == 1
    assert fault.split(": ")[-1] in done.page.read_text()


def test_cells_that_claim_nothing_and_seeds_that_reach_nothing_are_faults(write_lecture):
    course, lecture = write_lecture(code("2 > 1", "claim", name="silent"), parameters=False)
    assert run_lectures.run(course, lecture).faults == [
        "no cell is tagged `parameters`: PROFILE, SOURCE and SEED reach nothing",
        "cell silent claims nothing: it calls no claims.holds",
    ]


def test_each_lecture_is_reported_as_it_ends(several, monkeypatch):
    course, _ = several
    reported = []

    def run(course, lecture, *options, step):
        if lecture.name == "11_labels":
            raise KeyboardInterrupt
        return SimpleNamespace(faults=[], lecture=lecture)

    monkeypatch.setattr(warm_server, "serving", nullcontext)
    monkeypatch.setattr(run_lectures, "run", run)
    monkeypatch.setattr(lectures, "_report", lambda done, _: reported.append(done.lecture.name))
    with pytest.raises(KeyboardInterrupt):
        lectures.run_lectures(course)
    assert reported == ["01_a", "06_fusion", "07_intermediate_fusion"]


@pytest.fixture
def side_by_side(several):
    """Function that writes four lectures, each with a cell of given code, and runs two at a time.

    It returns the runs in the order of the reports, the name of the first that ended, and whether
    all went well.
    """
    course, _ = several
    lectures_there = catalogue.list_lectures(course)

    def run(*sources):
        for lecture, source in zip(lectures_there, sources, strict=True):
            notebook = nbformat.read(lecture.path, as_version=4)
            notebook.cells.append(code(source, name="last"))
            nbformat.write(notebook, lecture.path)
        first, reported = [], []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lectures, "_report", lambda run, _: reported.append(run))
            good = lectures.run_lectures(course, jobs=2, greet=first.append)
        assert len(first) == 1
        return reported, first[0].lecture.name, good

    return run


def test_lectures_side_by_side_are_reported_in_their_order(side_by_side, several):
    reported, first, good = side_by_side("import time; time.sleep(8)", *["print(SEED)"] * 3)
    names = [run.lecture.name for run in reported]
    assert names == [lecture.name for lecture in catalogue.list_lectures(several[0])]
    assert first != names[0]
    assert good
    index = BeautifulSoup((several[0].build / "lectures/index.html").read_text(), "html.parser")
    assert [link["href"] for link in index.select("a")] == [f"{name}.html" for name in names]


def test_a_lecture_that_fails_stops_none_beside_it(side_by_side):
    reported, _, good = side_by_side("1 / 0", "import os; os._exit(1)", "2", "3")
    assert not good
    faults = [" ".join(run.faults) for run in reported]
    assert "ZeroDivisionError" in faults[0]
    assert "the kernel died" in faults[1]
    assert faults[2:] == ["", ""]


@pytest.mark.skipif(not warm_server.can_fork(), reason="looks at what a warm server gives")
def test_lectures_side_by_side_have_the_threads_of_one_that_runs_alone(side_by_side, monkeypatch):
    """What a network learns depends on their number."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    seen = f"import os, threadpoolctl; assert not set({names}) & set(os.environ)\n"
    seen += "pools = threadpoolctl.ThreadpoolController().select(user_api='openmp').info()\n"
    seen += "found = {pool['num_threads'] for pool in pools}\n"
    seen += "assert found <= {len(os.sched_getaffinity(0))}, found"
    reported, _, _ = side_by_side(*[seen] * 4)
    assert [run.faults for run in reported] == [[]] * 4
    assert "TF_FORCE_GPU_ALLOW_GROWTH" not in os.environ


INTERRUPTED = """
from classroom import cli

if __name__ == "__main__":
    cli.run()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent as on Unix")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_ends_all_lectures_and_leaves_nothing(several, tmp_path, monkeypatch, jobs):
    """As at a terminal, every process of the command's group is interrupted."""
    course, _ = several
    monkeypatch.delenv("COURSE_WARM", raising=False)
    for lecture in catalogue.list_lectures(course):
        notebook = nbformat.read(lecture.path, as_version=4)
        note = f"import os, time; open({str(tmp_path)!r} + f'/pid-{{os.getpid()}}', 'w').close()"
        notebook.cells.append(code(f"{note}; time.sleep(600)", name="last"))
        nbformat.write(notebook, lecture.path)
    script = tmp_path / "command.py"
    script.write_text(INTERRUPTED)
    command = [sys.executable, script, "--course", course.root, "lectures", "run", "-j", jobs]
    with tempfile.TemporaryDirectory() as temporary:  # with a short path, since sockets lie in it
        running = subprocess.Popen(
            command,
            env={**os.environ, "TMPDIR": temporary},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        until = time.monotonic() + 120
        while len(pids := list(tmp_path.glob("pid-*"))) < int(jobs):
            assert time.monotonic() < until, "The lectures did not start in time."
            time.sleep(0.1)
        started = psutil.Process(running.pid).children(recursive=True)
        os.killpg(running.pid, signal.SIGINT)
        said, _ = running.communicate(timeout=60)
        assert running.returncode != 0
        assert "Traceback" not in said
        _, alive = psutil.wait_procs(started, timeout=10)
        assert alive == []
        assert not any(psutil.pid_exists(int(path.name.split("-")[1])) for path in pids)
        assert list(Path(temporary).glob("*course-*")) == []


@pytest.mark.parametrize("option", ["--profile", "--source"])
def test_profiles_and_sources_are_those_that_there_are(several, option):
    _, invoke = several
    assert invoke("run", option, "fulll").exit_code == 2


def test_a_claim_that_does_not_hold_fails_at_the_end_and_is_named(write_lecture):
    course, lecture = write_lecture(
        code("from course_lib import claims"),
        code("claims.holds(SEED == 0, 'The seed is zero')", "claim"),
        code("claims.holds(True, 'Truth holds'); print('went on')", "claim"),
    )
    assert run_lectures.run(course, lecture, seed=0).faults == []
    done = run_lectures.run(course, lecture, seed=1)
    assert done.faults == ["claim does not hold: The seed is zero"]
    assert "went on" in done.page.read_text()
    assert "✗ The seed is zero" in done.page.read_text()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"your-turn": TURN["solution"]}, "content with the hole"),
        ({"solution": TURN["your-turn"]}, "not content with the solution"),
        ({"check": "double"}, "calls no turn.check"),
        ({"check": f"{TURN['check']}; turn.check(lambda: True, '')"}, "content with the hole"),
    ],
)
def test_an_exercise_whose_check_is_wrong_is_a_fault(write_lecture, changed, fault):
    course, lecture = write_lecture(*turn_cells(**changed))
    assert any(fault in found for found in run_lectures.run(course, lecture).faults)


def test_the_tutor_s_version_has_solutions_open_and_notes_visible(write_lecture):
    course, lecture = write_lecture(*turn_cells())
    notebook, page = run_lectures.write_tutor_version(course, lecture)
    cells = nbformat.read(notebook, as_version=4).cells
    assert "Ask who knows" in cells[1].source
    assert cells[1].metadata.slideshow.slide_type == "notes"
    (solution,) = [cell for cell in cells if "solution" in tags(cell)]
    assert not solution.metadata.jupyter.source_hidden
    soup = BeautifulSoup(page.read_text(), "html.parser")
    assert "squares" in soup.select_one(".speaker-notes strong").text
    assert "Ask who knows" not in json.dumps(
        [cell.source for cell in nbformat.read(lecture.path, as_version=4).cells]
    )


def test_pages_have_exercises_in_the_lecture_s_order(write_lecture):
    course, lecture = write_lecture(*turn_cells())
    executed = run_lectures.run(course, lecture).page.with_suffix(".ipynb")
    names = [cell.id for cell in nbformat.read(executed, as_version=4).cells]
    assert names[-3:] == [f"twice-{tag}" for tag in TURN]


def test_the_tutor_s_page_shows_a_run_of_the_lecture_as_it_is(write_lecture):
    seen = code("print('seen ' * 2)", name="seen")
    course, lecture = write_lecture(*turn_cells(), seen)
    run_lectures.run(course, lecture)
    _, page = run_lectures.write_tutor_version(course, lecture)
    assert "seen seen" in page.read_text()
    course, lecture = write_lecture(*turn_cells(), code("print('changed')", name="changed"), seen)
    _, page = run_lectures.write_tutor_version(course, lecture)
    assert "seen seen" not in page.read_text()
    assert "changed" in page.read_text()


def test_a_working_copy_keeps_what_was_typed_into_it(several):
    course, _ = several
    first, *others = catalogue.list_lectures(course)
    first.path.chmod(0o444)
    folder = run_lectures.working_copy(course)
    copies = [folder / lecture.path.name for lecture in (first, *others)]
    for copy in copies:
        copy.write_text("typed in class")
    run_lectures.working_copy(course)
    assert {copy.read_text() for copy in copies} == {"typed in class"}
    assert first.path.read_text() != "typed in class"
    for _ in range(2):  # the second time, nothing was typed that could be lost
        run_lectures.working_copy(course, [first])
        assert copies[0].read_text() == first.path.read_text()
        assert (folder / "01_a.old.ipynb").read_text() == "typed in class"
    assert {copy.read_text() for copy in copies[1:]} == {"typed in class"}


@pytest.fixture
def opened(monkeypatch):
    """List of the commands that would start JupyterLab."""
    commands = []

    def run(command, cwd, env):
        assert env["OPENBLAS_NUM_THREADS"] == "1"
        commands.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(lectures.subprocess, "run", run)
    return commands


def test_live_opens_one_lecture_and_keeps_the_copies_of_others(several, opened):
    course, invoke = several
    assert invoke("live").exit_code == 0
    assert not any(part.endswith(".ipynb") for part in opened[0])
    copy = course.build / "live" / "11_labels.ipynb"
    copy.write_text("typed in class")
    for name in ("TYPO", "fusion"):
        assert isinstance(invoke("live", name, "--fresh").exception, ValueError)
    invoke("live", "inter", "--fresh")
    assert copy.read_text() == "typed in class"
    assert invoke("live", "11", "--fresh").exit_code == 0
    assert copy.with_suffix(".old.ipynb").read_text() == "typed in class"
    assert [command[-1] for command in opened[1:]] == [
        str(course.build / "live" / f"{name}.ipynb")
        for name in ("07_intermediate_fusion", "11_labels")
    ]


def test_live_says_that_a_lecture_was_changed_after_its_copy(several, opened):
    course, invoke = several
    assert "changed" not in invoke("live", "11").output
    source = course.notebooks / "11_labels.ipynb"
    source.write_text(source.read_text().replace("short", "long"))
    later = source.stat().st_mtime + 60
    os.utime(source, (later, later))
    assert "11_labels was changed after its copy" in invoke("live", "11").output
    assert "changed" not in invoke("live", "11", "--fresh").output
    assert "changed" not in invoke("live", "6").output
