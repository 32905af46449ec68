import textwrap
from contextlib import nullcontext, suppress

import numpy as np
import pytest

from classroom.checks import hidden, plain_values
from classroom.reasons import describe_error

MODULE = """
from classroom.checks import Check


class Sum(Check):
    task = "sum"

    def given(self, rng):
        return {"x": rng.normal(size=4)}

    @staticmethod
    def run(student, x):
        return student.total(x)

    def judge(self, given, returned):
        yield returned == given["x"].sum(), "The result is the sum."
        yield isinstance(returned, float), "The result is one number."
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "lab.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.setenv("COURSE_CHECKS", str(tmp_path))
    return tmp_path


def test_checks_are_found_by_their_task(folder):
    (this,) = hidden.load((folder / "lab.py").read_text()).values()
    assert this.task == "sum"
    assert this.run_source == "def run(student, x):\n    return student.total(x)"


@pytest.mark.parametrize("seed", range(3))
def test_a_right_answer_passes(folder, seed):
    hidden.check("lab", "sum", {"total": lambda x: float(x.sum())}, seed)


def test_a_wrong_answer_is_told_what_is_required(folder):
    with pytest.raises(hidden.RequirementNotMet) as error:
        hidden.check("lab", "sum", {"total": lambda x: [1.0]})
    assert str(error.value) == "The result is the sum.\nThe result is one number."
    assert error.value._render_traceback_() == [str(error.value)]


def test_a_student_who_changes_the_input_is_judged_by_the_original(folder):
    def total(x):
        x[:] = 0
        return 0.0

    with pytest.raises(hidden.RequirementNotMet, match="sum"):
        hidden.check("lab", "sum", {"total": total})


def test_what_the_students_code_raises_is_told_by_its_class_alone(folder):
    def total(x):
        raise KeyError(x)

    with pytest.raises(hidden.RequirementNotMet) as raised:
        hidden.check("lab", "sum", {"total": total})
    assert str(raised.value) == describe_error("KeyError")


class Parts(hidden.Check):
    task, points, points_shown = "parts", 5, 2


def requirements(**met):
    """Findings on each kind of inputs: one shown requirement and one other."""
    return {
        which: [hidden.shown(met[which][0], "shown"), hidden.Requirement(met[which][1], "other")]
        for which in met
    }


@pytest.mark.parametrize(
    ("findings", "points", "unmet"),
    [
        (requirements(hidden=(1, 1), example=(1, 1)), 5, []),
        (requirements(hidden=(1, 1), example=(0, 1)), 0, ["shown"]),
        (requirements(hidden=(1, 1), example=(1, 0)), 2, ["other"]),
        (requirements(hidden=(1, 0), example=(1, 0), similar=(1, 1)), 2, ["other"]),
        (requirements(hidden=(0, 1), example=(1, 1), similar=(1, 1)), 2, ["shown"]),
        (requirements(hidden=(0, 1), example=(1, 1), similar=(0, 1)), 0, ["shown"]),
        (requirements(hidden=(0, 0), example=(1, 1), similar=(0, 0)), 0, ["shown", "other"]),
        (requirements(hidden=(1, 0)), 0, ["other"]),
        (
            {"hidden": requirements(a=(0, 0))["a"], "example": [], "similar": []},
            0,
            ["shown", "other"],
        ),
    ],
)
def test_what_the_visible_tests_show_has_points_of_its_own(findings, points, unmet):
    verdict = hidden.conclude(Parts(), findings)
    assert verdict.share * 5 == points
    assert verdict.unmet == unmet


@pytest.mark.parametrize(
    ("met", "points", "asked"),
    [
        ({}, 2, ["hidden", "example"]),
        ({"hidden": 0}, 2, ["hidden", "example", "similar"]),
        ({"hidden": 0, "example": 0}, 2, ["hidden", "example"]),
        ({"hidden": 0, "example": 0, "similar": 0}, 2, ["hidden", "example"]),
        ({"hidden": 0}, 0, ["hidden", "example"]),
        ({"example": 0}, 2, ["hidden", "example"]),
        ({"other": 0}, 2, ["hidden", "example", "similar"]),
    ],
)
def test_no_more_is_asked_than_decides_on_the_points(monkeypatch, met, points, asked):
    class Task(hidden.Check):
        task, points_shown = "task", points

        def example(self, rng):
            return {"which": "example" if rng is None else "similar"}

        def given(self, rng):
            return {"which": "hidden"}

        @staticmethod
        def run(student, which):
            return student.answer(which)

        def judge(self, given, returned):
            yield hidden.shown(met.get(returned, 1), "It is met.")
            yield met.get("other", 1), "It is met, too."

    seen = []
    monkeypatch.setattr(hidden, "load", lambda source: {"task": Task()})
    monkeypatch.setattr(hidden.Path, "read_text", lambda path, **_: "")
    monkeypatch.setenv("COURSE_CHECKS", "checks")
    answer = {"answer": lambda which: seen.append(which) or which}
    with nullcontext() if not met else suppress(hidden.RequirementNotMet):
        hidden.check("lab", "task", answer)
    assert seen == asked


@pytest.mark.parametrize("findings", [{}, {"hidden": []}, requirements(example=(1, 1))])
def test_where_nothing_hidden_was_found_nothing_is_met(findings):
    assert hidden.conclude(Parts(), findings).share < 1


def test_nan_meets_nothing(folder):
    this = hidden.load.__wrapped__((folder / "lab.py").read_text())["sum"]
    this.judge = lambda given, returned: [(np.nan, "It is met."), (np.True_, "It is, too.")]
    found, _ = hidden.judge(this, hidden.make_inputs(this, "hidden"), plain_values.encode(1.0))
    assert [one.met for one in found] == [False, True]
    assert all(type(one.met) is bool for one in found)


def test_an_answer_of_another_form_meets_nothing(folder):
    this = hidden.load.__wrapped__((folder / "lab.py").read_text())["sum"]
    this.returns = lambda given: float
    given = hidden.make_inputs(this, "hidden")
    right, _ = hidden.judge(this, given, plain_values.encode(float(given["x"].sum())))
    other, error = hidden.judge(this, given, plain_values.encode([]))
    assert all(one.met for one in right)
    assert not any(one.met for one in other)
    assert error == ""


def test_a_mistake_in_a_check_is_not_told_the_student(folder):
    hidden.load.cache_clear()
    source = (folder / "lab.py").read_text().replace('given["x"].sum()', 'given["secret"]')
    (folder / "lab.py").write_text(source)
    with pytest.raises(hidden.RequirementNotMet) as raised:
        hidden.check("lab", "sum", {"total": lambda x: 1.0})
    assert str(raised.value) == hidden.OTHER_FORM


def test_each_student_has_a_seed():
    seeds = {hidden.seed_of(lab, student) for lab in "ab" for student in "cd"}
    assert len(seeds) == 4
    assert hidden.seed_of("a", "c") == hidden.seed_of("a", "c")


def test_inputs_come_from_the_seed(folder):
    seen = []
    for seed in (1, 1, 2):
        hidden.check("lab", "sum", {"total": lambda x: seen.append(x) or float(x.sum())}, seed)
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])
