"""The judge survives whatever a student's process answers, and takes little memory and time."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from classroom.checks import hidden, judge, plain_values
from classroom.checks.judge import Judge
from classroom.reasons import describe_error

CHECKS = """
import numpy as np

from classroom.checks import Array, Check, shown


class Double(Check):
    task = "double"

    def given(self, rng):
        return {"x": rng.normal(size=5)}

    def returns(self, given):
        return Array((5,))

    def judge(self, given, returned):
        yield np.allclose(returned, 2 * given["x"]), "The result is twice the argument."


class Anything(Check):
    task = "anything"

    def given(self, rng):
        return {}

    def judge(self, given, returned):
        while returned == "waits":
            pass
        yield len(np.ones(10**9 if returned == "grows" else 1)) > 0, "It is something."


class Mistaken(Check):
    task = "mistaken"

    def example(self, rng):
        return {}

    def given(self, rng):
        raise KeyError("of the inputs")

    def judge(self, given, returned):
        raise KeyError("of the judge")
"""


@pytest.fixture(scope="module")
def asked():
    one = Judge(CHECKS)
    yield one
    one.end()


def reply(text):
    """What a kernel replies whose `run_check` shows a text."""
    data = {"user_expressions": {"answer": {"data": {"text/plain": text}}}}
    return json.dumps(data).encode()


def returned(value):
    return reply(
        json.dumps(["returned", value if isinstance(value, str) else plain_values.encode(value)])
    )


def sentences(findings):
    return [(one.met, one.sentence) for one in findings]


def test_inputs_come_from_the_seed_and_are_judged_by_it(asked):
    given = plain_values.decode(asked.make_inputs("double", "hidden", 3))
    assert np.array_equal(given["x"], np.random.default_rng(3).normal(size=5))
    assert asked.make_inputs("double", "example", 3) is None
    right, other = returned(2 * given["x"]), returned(2 * given["x"] + 1)
    assert asked.judge("double", "hidden", 3, right)[0].met
    assert not asked.judge("double", "hidden", 3, other)[0].met
    assert not asked.judge("double", "hidden", 4, right)[0].met


def test_an_error_is_told_by_its_class_alone(asked):
    known = asked.judge("double", "hidden", 0, reply(json.dumps(["raised", "KeyError"])))
    assert sentences(known) == [(False, describe_error("KeyError"))]
    own = asked.judge("double", "hidden", 0, reply(json.dumps(["raised", "Secret4321"])))
    assert sentences(own) == [(False, describe_error("an error"))]


UNREADABLE = {
    "no JSON": b"\xff\x00",
    "no reply": b"{}",
    "a list": b"[]",
    "no text": reply(1),
    "no answer": reply("[]"),
    "a word": reply("answer"),
    "three things": reply(json.dumps(["returned", "1", "2"])),
    "deep": b"[" * 4_000_000,
    "too long": returned('"' + "x" * 11_000_000 + '"'),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_no_answer(asked, name):
    findings = asked.judge("double", "hidden", 0, UNREADABLE[name])
    assert sentences(findings) == [(False, judge.NO_ANSWER)]


OTHER_FORMS = {
    "an empty list": "[]",
    "nothing": "null",
    "text": '"text"',
    "a shape too much": plain_values.encode(np.zeros((5, 1))),
    "(2**27, 0)": json.dumps({"dtype": "<f8", "shape": [2**27, 0], "array": ""}),
    "(20000, 1, 1, 1, 1)": json.dumps({"dtype": "<f8", "shape": [20_000, 1, 1, 1, 1], "array": ""}),
    "a list of four megabytes": "[" + "1," * 2_000_000 + "1]",
    "a set display": "{" + "1," * 500_000 + "1}",
    "deep lists": "[" * 1_000_000,
}


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_other_forms_meet_nothing_and_cost_little(asked, name):
    start = time.process_time()
    findings = asked.judge("double", "hidden", 0, returned(OTHER_FORMS[name]))
    assert sentences(findings) == [(False, hidden.OTHER_FORM)]
    assert time.process_time() - start < 2
    memory = psutil.Process(asked.process.pid).memory_info()
    assert memory.vms < judge.JUDGE_MEMORY


def test_a_judge_that_takes_too_long_is_ended_and_the_next_question_answered(asked):
    before = asked.process.pid
    findings = asked.judge("anything", "hidden", 0, returned('"waits"'))
    assert sentences(findings) == [(False, judge.TOO_MUCH)]
    assert asked.judge("anything", "hidden", 0, returned('"is there"'))[0].met
    assert asked.process.pid != before


def test_a_judge_that_was_killed_meanwhile_is_replaced(asked):
    asked.make_inputs("double", "hidden", 0)
    asked.process.kill()
    asked.process.wait()
    given = plain_values.decode(asked.make_inputs("double", "hidden", 0))
    asked.process.kill()
    asked.process.wait()
    assert asked.judge("double", "hidden", 0, returned(2 * given["x"]))[0].met


def test_a_mistake_in_a_check_is_told_the_teacher_alone(asked, caplog):
    with pytest.raises(RuntimeError) as raised:
        asked.make_inputs("mistaken", "hidden", 0)
    assert "KeyError('of the inputs')" in caplog.text
    assert "of the inputs" not in str(raised.value)
    findings = asked.judge("mistaken", "example", 0, returned(1))
    assert "KeyError('of the judge')" in caplog.text
    assert sentences(findings) == [(False, hidden.OTHER_FORM)]


def test_an_answer_of_another_form_is_no_mistake_of_the_check(asked, caplog):
    asked.judge("double", "hidden", 0, returned(1))
    assert caplog.text == ""


def test_checks_that_cannot_be_loaded_are_told_the_teacher_alone(caplog):
    one = Judge("import nothing_like_it")
    with pytest.raises(RuntimeError) as raised:
        one.make_inputs("double", "hidden", 0)
    one.end()
    assert "No module named 'nothing_like_it'" in caplog.text
    assert "nothing_like_it" not in str(raised.value)


def test_a_judge_imports_nothing_from_where_it_starts(tmp_path, monkeypatch):
    (tmp_path / "selectors.py").write_text("raise RuntimeError")
    (tmp_path / "numpy.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # which Python 3.10 does not know
    one = Judge(CHECKS)
    assert one.make_inputs("double", "hidden", 0)
    assert psutil.Process(one.process.pid).cwd() == os.path.realpath(sys.prefix)
    one.end()


def test_a_judge_has_no_more_memory_than_it_may(asked):
    assert asked.judge("anything", "hidden", 0, returned('"is there"'))[0].met
    findings = asked.judge("anything", "hidden", 0, returned('"grows"'))
    assert not findings[0].met


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits")
@pytest.mark.parametrize(("before", "after"), [(6 * 2**30, 4 * 2**30), (3 * 2**30, 3 * 2**30)])
def test_a_limit_of_memory_is_never_raised(before, after):
    code = (
        "import resource\n"
        "from classroom.sandbox import linux\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({before}, resource.RLIM_INFINITY))\n"
        f"linux.limit_memory({4 * 2**30})\n"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert int(done.stdout) == after


def test_a_judge_ends_with_its_grader():
    code = (
        "import os, sys\n"
        "from classroom.checks.judge import Judge\n"
        f"judge = Judge({CHECKS!r})\n"
        "judge.make_inputs('double', 'hidden', 0)\n"
        "print(judge.process.pid, flush=True)\n"
        "os._exit(1)"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    pid = int(asked.stdout)
    for _ in range(100):
        if not psutil.pid_exists(pid):
            break
        time.sleep(0.1)
    assert not psutil.pid_exists(pid)
