"""Every lab grades as it says: all variants get exactly the scores that they should."""

import contextlib
import io

import nbformat
import pytest

from course_lib.classroom import checks, variants
from course_lib.classroom.course import Course
from course_lib.classroom.verify import verify

LABS = Course.find(__file__).lab_names()


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("part", [8, pytest.param(1, marks=pytest.mark.stress)])
@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_verified(course, lab, part, monkeypatch):
    """With fewer seeds, and an eighth of wrong and hostile variants; `make stress` has all."""
    monkeypatch.setattr("course_lib.classroom.verify.SEEDS", 5)
    found = variants.read_all(course, lab)
    right = [one for one in found if one.name.startswith("right_")]
    bad = [one for one in found if one not in right]
    monkeypatch.setattr(variants, "read_all", lambda *_: right + bad[::part])
    findings = list(verify(course, lab, jobs=2))
    assert len(findings) > 10
    assert {finding.what: finding.problems for finding in findings if finding.problems} == {}


class Lab:
    """A lab whose tasks are checked in this process, without a kernel and a seal.

    Args:
        course: A `Course`.
        lab: Name of the lab.
    """

    def __init__(self, course, lab):
        notebook = nbformat.read(course.source(lab), as_version=4)
        self.name, self.solved = lab, variants.solutions(notebook)
        self.known = checks.load((course.labs / "checks" / f"{lab}.py").read_text("utf-8"))
        (self.setup,) = (
            cell.source
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "setup"
        )

    def lost(self, variant):
        """The points that a variant loses in each of its tasks' check cells."""
        found = {}
        for task in variant.tasks & set(self.known):
            this, findings = self.known[task], {}
            with contextlib.redirect_stdout(io.StringIO()):
                space = {"__name__": "__main__"}
                exec(self.setup, space)
                exec((self.solved | variant.answers)[task], space)
                for which in checks.INPUTS:
                    given = checks.make_inputs(this, which, checks.seed_of(self.name, variant.name))
                    if given is not None:
                        findings[which] = checks._ask_here(this, given, space)
            lost = this.points * (1 - checks.conclude(this, findings).share)
            if lost:
                found[f"{task}-check"] = pytest.approx(lost)
        return found


@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("lab", LABS)
def test_wrong_answers_lose_what_they_should(course, lab):
    """All that define what the solution defines; `test_a_lab_is_verified` runs some in a seal."""
    here = Lab(course, lab)
    wrong = [one for one in variants.read_all(course, lab) if variants.may_share(one, here.solved)]
    assert len(wrong) > 20
    assert {one.name: one.loses for one in wrong} == {one.name: here.lost(one) for one in wrong}


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_enough_variants(course, lab):
    found = variants.read_all(course, lab)
    right = [variant for variant in found if not variant.loses]
    wrong = [variant for variant in found if variant.loses and not variant.hostile]
    assert len(right) >= 3
    assert len(wrong) >= 8
    for variant in wrong:
        tasks = {cell.split("-")[0] for cell in variant.loses}
        assert tasks <= set(variant.answers), f"{variant.name} should answer what it breaks"
