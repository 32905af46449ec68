import textwrap

import numpy as np
import pytest

from course_lib.classroom import checks

MODULE = """
from course_lib.classroom.checks import Check


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
    (this,) = checks.load((folder / "lab.py").read_text()).values()
    assert this.task == "sum"
    assert this.run_source == "def run(student, x):\n    return student.total(x)"


@pytest.mark.parametrize("seed", range(3))
def test_a_right_answer_passes(folder, seed):
    checks.check("lab", "sum", {"total": lambda x: float(x.sum())}, seed)


def test_a_wrong_answer_is_told_what_is_required(folder):
    with pytest.raises(checks.RequirementNotMet) as error:
        checks.check("lab", "sum", {"total": lambda x: [1.0]})
    assert str(error.value) == "The result is the sum.\nThe result is one number."
    assert error.value._render_traceback_() == [str(error.value)]


def test_a_student_who_changes_the_input_is_judged_by_the_original(folder):
    def total(x):
        x[:] = 0
        return 0.0

    with pytest.raises(checks.RequirementNotMet, match="sum"):
        checks.check("lab", "sum", {"total": total})


def test_what_the_students_code_raises_is_raised(folder):
    with pytest.raises(AttributeError, match="total"):
        checks.check("lab", "sum", {})


def test_inputs_come_from_the_seed(folder):
    seen = []
    for seed in (1, 1, 2):
        checks.check("lab", "sum", {"total": lambda x: seen.append(x) or float(x.sum())}, seed)
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])
