"""Every lab grades as it says: all variants get exactly the scores that they should."""

import nbformat
import pytest

from classroom.catalogue import labs as catalogue
from classroom.checks import hidden
from classroom.course import Course
from classroom.labs import variants
from classroom.labs.verify import verify
from classroom.results.questions import question_of

LABS = Course.find(__file__).lab_names()


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("part", [8, pytest.param(1, marks=pytest.mark.stress)])
@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_verified(course, lab, part, monkeypatch):
    """With fewer seeds, and an eighth of wrong and hostile variants; `make stress` has all."""
    monkeypatch.setattr("classroom.labs.verify.SEEDS", 5)
    found = variants.read_all(course, lab)
    right = [one for one in found if one.name.startswith("right_")]
    bad = [one for one in found if one not in right]
    monkeypatch.setattr(variants, "read_all", lambda *_: right + bad[::part])
    findings = list(verify(course, lab, jobs=2))
    assert len(findings) > 10
    assert {finding.what: finding.problems for finding in findings if finding.problems} == {}


def lost(course, lab, variant):
    """The points that a variant loses in its tasks' check cells, without a kernel and a seal."""
    notebook = nbformat.read(course.source(lab), as_version=4)
    answers = variants.solutions(notebook) | variant.answers
    names = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    found = {}
    for cell, points in catalogue.points(notebook).items():
        task, space = question_of(cell), {"__name__": "__main__"}
        if task in variant.tasks:
            exec(names["setup"].source, space)
            exec(answers[task], space)
            try:
                score = hidden.check(lab, task, space, hidden.seed_of(lab, variant.name))
            except hidden.RequirementNotMet:
                score = 0
            if score is not None:
                found[cell] = pytest.approx(points - score)
    return found


@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("lab", LABS)
def test_wrong_answers_lose_what_they_should(course, lab, monkeypatch):
    """All that define what the solution defines; `test_a_lab_is_verified` runs some in a seal."""
    monkeypatch.setenv("COURSE_CHECKS", str(course.labs / "checks"))
    solved = variants.solutions(nbformat.read(course.source(lab), as_version=4))
    wrong = [one for one in variants.read_all(course, lab) if variants.may_share(one, solved)]
    assert len(wrong) > 20
    assert {v.name: v.loses for v in wrong} == {v.name: lost(course, lab, v) for v in wrong}


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_enough_variants(course, lab):
    found = variants.read_all(course, lab)
    right = [variant for variant in found if not variant.loses]
    wrong = [variant for variant in found if variant.loses and not variant.hostile]
    assert len(right) >= 3
    assert len(wrong) >= 8
    for variant in wrong:
        tasks = {question_of(cell) for cell in variant.loses}
        assert tasks <= set(variant.answers), f"{variant.name} should answer what it breaks"
