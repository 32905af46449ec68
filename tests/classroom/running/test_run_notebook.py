import asyncio
import os

import nbformat
import numpy as np
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade

from classroom import sandbox
from classroom.checks import hidden
from classroom.cleaning import make_error
from classroom.kernels import provisioner, warm_server
from classroom.running import kernel_session, run_notebook
from classroom.running.cell_outputs import CellOutputs
from classroom.running.graded_cells import (
    explain_failure,
    find_answer,
    find_checks,
    name_of,
    read_score,
)
from classroom.running.job import Bounds, Job
from classroom.running.kernel_session import KernelSession
from classroom.running.run_notebook import execute

CHECKS = """
from classroom.checks import Check, shown


class Parts(Check):
    task, points, points_shown = "parts", 4, 1

    def example(self, rng):
        return {"secret": 1 if rng is None else int(rng.integers(2, 100))}

    def given(self, rng):
        return {"secret": 4321 + int(rng.integers(1_000))}

    @staticmethod
    def run(student, secret):
        return student.answer(secret)

    def returns(self, given):
        return [int, int]

    def judge(self, given, returned):
        yield shown(returned[0] == given["secret"], "The first number is the argument.")
        yield returned[1] == 2 * given["secret"], "The second number is twice the argument."
"""
CHECK = """from classroom.checks import check

check("lab", "parts", globals())"""


def graded(source, name, points):
    kinds = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3}
    about = {**kinds, "grade_id": name, "points": points, "cell_type": "code"}
    return new_code_cell(source, id=name, metadata={"nbgrader": about})


def run(*cells, **options):
    """Runs cells; those that are text are ungraded. Returns the `Executed` and its cells."""
    cells = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    options = {"sealed": False, "bounds": Bounds(cell=20, output=1000), **options}
    done = execute(Job(nbformat.writes(new_notebook(cells=cells)), CHECKS, **options))
    return done, nbformat.reads(done.notebook, as_version=4).cells


@pytest.mark.skipif(not warm_server.can_fork(), reason="this machine cannot fork kernels")
def test_the_imports_of_a_slow_server_cost_no_submission_its_time(tmp_path, monkeypatch):
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    address = os.environ["COURSE_WARM"]
    (server,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if address in (process.info["cmdline"] or [])
    )
    monkeypatch.setattr(provisioner, "_servers", {})
    session = KernelSession(Job("", "", sealed=False), tmp_path, {}, CellOutputs(1000, print))
    deadline = session.deadline

    async def start():
        starting = asyncio.ensure_future(session.start())
        monkeypatch.setattr(kernel_session, "START", 0.2)
        done, _ = await asyncio.wait({starting}, timeout=1)
        assert not done
        monkeypatch.undo()
        server.resume()
        await starting
        await session.stop()

    server.suspend()
    try:
        asyncio.run(start())
    finally:
        server.resume()
    assert session.deadline > deadline + 0.9


def test_checks_of_a_cell():
    assert find_checks(graded("assert x", "tests", 1)) == []
    cell = graded(f"{CHECK}\ncheck('lab', 'other', globals(), 7)", "check", 1)
    assert find_checks(cell) == [("parts", None), ("other", 7)]


def test_a_check_is_found_in_a_gradebook_of_an_older_version():
    source = CHECK.replace("from classroom.checks", "from course_lib.classroom.checks")
    assert source != CHECK
    assert find_checks(graded(source, "check", 1)) == [("parts", None)]


def test_what_only_lies_beside_checks_is_no_check():
    source = "from classroom.checks.wrong_values import fuzz\n\nfuzz('', 'parts', globals())"
    assert find_checks(graded(source, "check", 1)) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (f"x = 1\n{CHECK}", "x = 1"),
        (f"%matplotlib inline\n{CHECK}", "invalid syntax"),
        (CHECK.replace("globals()", "globals(), seed=7"), r"globals\(\), seed=7"),
        (CHECK.replace('"parts", globals()', 'task="parts", namespace=globals()'), "task='parts'"),
        (CHECK.replace(", globals()", ""), r"'parts'\)"),
        (CHECK.replace('"parts"', "task"), "'lab', task"),
    ],
)
def test_a_cell_that_checks_and_does_more_is_refused(source, words):
    with pytest.raises(ValueError, match=f"'check' calls a hidden check and does more: .*{words}"):
        find_checks(graded(source, "check", 1))


@pytest.mark.services
def test_solving_what_the_visible_tests_show_gives_its_points_and_the_reason():
    done, cells = run("def answer(secret):\n    return [secret, 3]", graded(CHECK, "check", 4))
    assert done.cells["check"].reason == "The second number is twice the argument."
    (result, words) = cells[1].outputs
    assert result.data == {"text/plain": "1"}
    assert words.text == "The second number is twice the argument."


@pytest.mark.services
@pytest.mark.parametrize("end", ["os._exit(0)", "while True: pass"])
def test_what_ends_on_hidden_inputs_keeps_the_points_of_the_visible_tests(end):
    done, cells = run(
        "import os\n\ndef answer(secret):\n    if secret > 1000:\n"
        f"        {end}\n    return [secret, 3]",
        graded(CHECK, "check", 4),
        bounds=Bounds(cell=3, output=1000),
    )
    assert read_score(cells[1]) == (1, 4)
    assert "The second number is twice the argument." in done.cells["check"].reason


RIGHT = "def answer(secret):\n    return [secret, 2 * secret]"
DEADLY = "def answer(secret):\n    import os\n    os._exit(0)"


def run_tasks(*sources, **bounds):
    """Runs tasks, each with a cell that tries it and a check; returns scores and the `Executed`."""
    tasks = [
        (source, "answer(1)", graded(CHECK, f"check{number}", 4))
        for number, source in enumerate(sources)
    ]
    bounds = Bounds(**{"cell": 20, "output": 1000, **bounds})
    done, cells = run(*[cell for task in tasks for cell in task], bounds=bounds)
    return [read_score(cell)[0] for cell in cells[2::3]], done


@pytest.mark.services
def test_checks_that_end_the_kernel_cost_no_other_its_points():
    scores, done = run_tasks(*[DEADLY] * 4, RIGHT)
    assert scores == [0, 0, 0, 0, 4]
    assert done.cells["check0"].reason == "The kernel died."


@pytest.mark.services
def test_checks_that_use_up_the_time_come_last():
    endless = "def answer(secret):\n    while True: pass"
    scores, done = run_tasks(endless, RIGHT, endless, RIGHT, cell=2)
    assert scores == [0, 4, 0, 4]
    assert list(done.cells) == ["check1", "check3", "check0", "check2"]


@pytest.mark.services
@pytest.mark.parametrize("milliseconds", [1, 5, 20])
def test_a_death_that_another_check_has_caused_costs_nothing(milliseconds):
    late = (
        "def answer(secret):\n    import os, threading\n"
        f"    if secret > 1000: threading.Timer({milliseconds / 1000}, os._exit, [0]).start()\n"
        "    return [secret, 2 * secret]"
    )
    scores, _ = run_tasks(late, RIGHT, RIGHT)
    assert scores[1:] == [4, 4]


@pytest.mark.services
def test_a_large_answer_is_not_waited_for():
    large = "import numpy as np\n\ndef answer(secret):\n    return np.zeros(4_000_000)"
    scores, done = run_tasks(large)
    assert scores == [0]
    assert done.cells["check0"].reason == hidden.OTHER_FORM
    assert done.seconds < 15


@pytest.mark.services
def test_answers_written_down_for_the_visible_tests_get_nothing():
    _, cells = run("def answer(secret):\n    return [1, 2]", graded(CHECK, "check", 4))
    assert [output.output_type for output in cells[1].outputs] == ["error"]


@pytest.mark.services
def test_a_test_cell_is_run_as_nbgrader_does_and_its_verdict_is_the_kernels():
    done, cells = run("x = 1", graded("%matplotlib inline\nassert x == 1\n1.5", "tests", 3))
    assert cells[1].outputs[0].data == {"text/plain": "1.5"}
    assert done.cells["tests"].reason == "The test gives a part of its points."
    assert not done.cells["tests"].judged


@pytest.mark.services
def test_a_part_of_the_points_stays_a_part_when_output_is_cut():
    _, cells = run(
        graded("print('a' * 2000)\n1.5", "tests", 3),
        *["print('a' * 1000)"] * 10,
        graded("1.5", "last", 3),
    )
    assert read_score(cells[0]) == (1.5, 3)
    assert read_score(cells[-1]) == (1.5, 3)


@pytest.mark.services
def test_forged_results_do_not_pile_up():
    forge = (
        "kernel = get_ipython().kernel\n"
        "content = {'data': {'text/plain': '1.5' * 1000}, 'metadata': {}, 'execution_count': 1}\n"
        "for _ in range(20):\n"
        "    parent = kernel.get_parent()\n"
        "    kernel.session.send(kernel.iopub_socket, 'execute_result', content, parent=parent)"
    )
    _, cells = run(graded(forge, "tests", 3))
    assert len(cells[0].outputs) == 1
    assert len(cells[0].outputs[0].data["text/plain"]) == 100


@pytest.mark.services
def test_words_on_stderr_are_no_failure():
    done, _ = run(graded("import sys\nprint('W0000 careful', file=sys.stderr)", "tests", 3))
    assert done.cells["tests"].reason == ""


@pytest.mark.services
def test_a_test_whose_kernel_dies_gets_nothing():
    done, cells = run(graded("import os\nos._exit(0)", "tests", 3), graded("x = 1", "next", 1))
    assert determine_grade(cells[0])[0] == 0
    assert done.cells["tests"].reason == "The kernel died."
    assert done.cells["next"].reason == ""


@pytest.mark.services
def test_after_a_check_that_ends_the_kernel_the_next_one_finds_all_cells():
    other = graded(CHECK, "other", 4)
    done, _ = run(
        "alive = True\ndef answer(secret):\n    import os\n    os._exit(0)",
        graded(CHECK, "check", 4),
        "import pathlib\nif pathlib.Path('seen').exists():\n"
        "    def answer(secret):\n        return [secret, 2 * secret]\n"
        "pathlib.Path('seen').touch()",
        other,
    )
    assert done.cells["check"].reason == "The kernel died."
    assert done.cells["other"].reason == ""


@pytest.mark.services
@pytest.mark.parametrize("later", ["answer = answer(1)", "del answer", "%reset -f"])
def test_what_a_later_cell_does_to_a_name_costs_nothing(later):
    done, _ = run(
        "def answer(secret):\n    return [secret, 2 * secret]", graded(CHECK, "check", 4), later
    )
    assert done.cells["check"].reason == ""


@pytest.mark.services
def test_a_kernel_that_dies_after_its_reply_costs_the_next_cell_nothing(monkeypatch):
    run_cell = run_notebook._Run._run_cell

    async def run_and_wait(self, number, cell):
        await run_cell(self, number, cell)
        await asyncio.sleep(1)

    monkeypatch.setattr(run_notebook._Run, "_run_cell", run_and_wait)
    done, _ = run(
        "import os, threading\nthreading.Timer(0.3, os._exit, [0]).start()",
        "def answer(secret):\n    return [secret, 2 * secret]",
        graded(CHECK, "check", 4),
    )
    assert done.cells["check"].reason == ""
    assert "The kernel ended in cell" in done.notes[0]


@pytest.mark.services
def test_a_cell_that_prints_ten_thousand_times_is_read_to_its_end():
    many = "for step in range(10_000):\n    print('.', end='', flush=True)"
    _, cells = run(many + "\n1 + 1", bounds=Bounds(cell=60))
    assert [output.output_type for output in cells[0].outputs] == ["stream", "execute_result"]
    assert cells[0].outputs[0].text == "." * 10_000


@pytest.mark.services
def test_checks_come_after_all_other_cells():
    done, _ = run(
        "seen = []\ndef answer(secret):\n    seen.append(secret)\n    return [secret, 2 * secret]",
        graded(CHECK, "check", 4),
        graded("assert not seen", "tests", 1),
    )
    assert [cell.reason for cell in done.cells.values()] == ["", ""]


LEAKS = {
    "raises them": "raise KeyError(secret)",
    "raises them by a class of its own": "raise type(f'E{secret}', (Exception,), {})(secret)",
    "prints them": "print(secret)\n    import sys\n    print(secret, file=sys.stderr)",
    "shows them": "display(secret)\n    return secret",
    "exits with them": "raise SystemExit(secret)",
}


@pytest.mark.services
@pytest.mark.parametrize("way", LEAKS)
def test_hidden_inputs_are_not_kept(way):
    done, _ = run(f"def answer(secret):\n    {LEAKS[way]}", graded(CHECK, "check", 4))
    assert str(4321 + int(np.random.default_rng(0).integers(1_000))) not in done.notebook
    assert "E4" not in done.notebook
    assert done.cells["check"].reason


@pytest.mark.services
def test_files_lie_beside_the_notebook():
    done, _ = run(
        "text = open('data/words.txt').read()",
        graded("assert text == 'three words here'", "tests", 1),
        files={"data/words.txt": b"three words here"},
    )
    assert done.cells["tests"].reason == ""


@pytest.mark.services
@pytest.mark.skipif(bool(sandbox.missing()), reason=f"no seal here: {sandbox.missing()}")
def test_a_sealed_kernel_sees_its_files_and_not_the_graders_environment(monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "1")
    done, _ = run(
        "import os, pathlib",
        graded("assert open('a.txt').read() == 'a'", "files", 1),
        graded("assert 'SECRET_OF_THE_GRADER' not in os.environ", "environment", 1),
        graded("assert not pathlib.Path.home().joinpath('.ssh').exists()", "home", 1),
        files={"a.txt": b"a"},
        sealed=True,
    )
    assert {name: cell.reason for name, cell in done.cells.items()} == dict.fromkeys(
        ["files", "environment", "home"], ""
    )


@pytest.mark.services
def test_outputs_are_kept_and_cut():
    done, cells = run("print('a' * 600)\nprint('b' * 600)", "1 + 1")
    assert cells[0].outputs[0].text.startswith("a" * 600)
    assert len(cells[0].outputs[0].text) <= 1001
    assert "was cut after 1,000 characters" in done.notes[0]
    assert cells[1].outputs[0].data["text/plain"] == "2"


@pytest.fixture
def heard(monkeypatch):
    """Sizes of all messages that reach the grader."""
    sizes, hear = [], CellOutputs.hear

    def listen(self, cell, message):
        sizes.append(len(str(message["content"])))
        hear(self, cell, message)

    monkeypatch.setattr(CellOutputs, "hear", listen)
    return sizes


@pytest.mark.services
def test_a_long_error_is_cut_before_it_reaches_the_grader(heard):
    _, cells = run("raise Exception('x' * 5_000_000)")
    assert max(heard) < 20 * 1000
    assert cells[0].outputs[0].ename == "Exception"
    assert cells[0].outputs[0].evalue.startswith("xxx")


@pytest.mark.services
def test_a_long_line_is_cut_before_it_reaches_the_grader(heard):
    done, cells = run("print('x' * 5_000_000)")
    assert max(heard) <= 2 * 1000
    assert [output.text for output in cells[0].outputs] == ["x" * 1000]
    assert "was cut after 1,000 characters" in done.notes[0]


def solution(source, name):
    kinds = {"grade": False, "solution": True, "locked": False, "task": False, "schema_version": 3}
    return new_code_cell(source, id=name, metadata={"nbgrader": {**kinds, "grade_id": name}})


@pytest.mark.services
def test_a_syntax_error_is_the_reason_with_its_cell_and_line():
    broken = solution("def answer(secret):\n    return [secret, (2 * secret]", "parts")
    done, cells = run(broken, "answer(1)", graded(CHECK, "check", 4))
    assert done.cells["check"].reason == (
        "SyntaxError in line 2 of the cell parts, `return [secret, (2 * secret]`: "
        "closing parenthesis ']' does not match opening parenthesis '('."
    )
    assert cells[2].outputs[-1].evalue == done.cells["check"].reason
    assert read_score(cells[2]) == (0, 4)


@pytest.mark.services
def test_an_answer_that_fails_is_named_beside_what_is_not_met():
    failing = solution("def answer(secret):\n    return [secret, 3]\nanswers = anwser(1)", "parts")
    done, _ = run(failing, graded("assert answers", "tests", 1), graded(CHECK, "check", 4))
    cause = "The cell parts raises NameError: name 'anwser' is not defined"
    assert done.cells["check"].reason == f"{cause}\nThe second number is twice the argument."
    assert done.cells["tests"].reason == f"{cause}\nNameError: name 'answers' is not defined"


def test_the_answer_of_a_test_is_the_last_one_before_it():
    cells = [
        solution("", "one"),
        graded("", "one-tests", 1),
        solution("", "helper"),
        solution("", "two"),
        new_code_cell("try it"),
        graded("", "two-tests", 1),
        graded("", "two-check", 1),
    ]
    names = [[name_of(cell) for cell in find_answer(cells, number)] for number in (1, 5, 6)]
    assert names == [["one"], ["helper", "two"], ["helper", "two"]]


@pytest.mark.parametrize(
    ("error", "message", "sentence"),
    [
        (
            "IndentationError",
            "bad (1.py, line 9)",
            "IndentationError in line 9 of the cell c: bad.",
        ),
        ("SyntaxError", "forged", "The cell c raises SyntaxError: forged"),
        ("TimeIsUp", "Too long.", "The cell c was stopped: Too long."),
        ("NotImplementedError", "", ""),
        ("Odd", "two\nlines", "The cell c raises Odd: two lines"),
    ],
)
def test_a_cell_that_fails_is_explained(error, message, sentence):
    cell = new_code_cell("x", id="c", outputs=[make_error(error, message)])
    assert explain_failure(cell) == sentence
