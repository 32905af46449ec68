"""The fuzzer finds judges that give points for what nobody computed."""

import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

from classroom.checks.wrong_values import fuzz

CHECK = """
import numpy as np

from classroom.checks import Array, Check, shown


class Double(Check):
    task, points, points_shown = "double", 3, 1
{declared}
    def example(self, rng):
        return {{"x": np.arange(6.0).reshape(2, 3) if rng is None else rng.normal(size=(2, 3))}}

    def given(self, rng):
        return {{"x": rng.normal(size=(4, 3))}}

    @staticmethod
    def run(student, x):
        twice = student.double(x)
        return {{"twice": twice, "again": student.double(x), "size": len(twice)}}

    def judge(self, given, returned):
{judge}
"""
FORM = """
    def returns(self, given):
        form = Array(given["x"].shape)
        return {"twice": form, "again": form, "size": int}
"""
STRICT = """
right = 2 * given["x"]
yield shown(np.allclose(returned["twice"], right), "It is twice the argument.")
yield np.allclose(returned["again"], right), "It is so again."
yield returned["size"] == len(right), "It has as many rows."
"""
MUTANTS = {
    "only consistent in itself": (
        FORM,
        STRICT.replace('returned["again"], right', 'returned["again"], returned["twice"]').replace(
            'returned["twice"], right', 'returned["again"], returned["twice"]'
        ),
        "of the points for zeros",
    ),
    "one part is not looked at": (
        FORM,
        STRICT.replace('returned["size"] == len(right)', "True"),
        "all points in spite of numbers times 1.5 at size",
    ),
    "whatever the inputs": (
        FORM,
        STRICT.replace('right), "It is', 'right, atol=100), "It is'),
        "of the points for answers to other inputs",
    ),
    "empty is as good": (
        "",
        STRICT.replace("np.allclose(", "not len(returned) or np.allclose(").replace(
            'returned["size"] ==', "not len(returned) or returned['size'] =="
        ),
        "an empty dictionary",
    ),
}
STUDENT = vars(SimpleNamespace(double=lambda x: 2 * x))


def source(declared, judge):
    return CHECK.format(declared=declared, judge=textwrap.indent(judge, " " * 8))


def test_a_strict_judge_survives():
    fuzz(source(FORM, STRICT), "double", STUDENT)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_lax_judge_is_named(name):
    declared, judge, words = MUTANTS[name]
    with pytest.raises(AssertionError, match=words):
        fuzz(source(declared, judge), "double", STUDENT)


def test_a_solution_that_does_not_pass_is_named():
    with pytest.raises(AssertionError, match="solution itself"):
        fuzz(source(FORM, STRICT), "double", {"double": np.negative})


def test_draws_by_chance_may_be_others():
    drawn = source(
        "    by_chance = True\n",
        "yield shown(np.isfinite(returned['twice']).all() and len(returned['twice']) > 1 "
        "and np.std(returned['twice']) > 0.1 and np.ptp(returned['twice']) < 19, '')\n"
        "yield np.array_equal(returned['again'] + given['x'] * 0, returned['twice']), ''\n"
        "yield returned['size'] == len(given['x']), ''",
    )
    with pytest.raises(AssertionError) as raised:
        fuzz(drawn, "double", STUDENT)
    assert "answers to other inputs" not in str(raised.value)
    assert "reverse" not in str(raised.value)
