"""Every lab grades as it says: all variants get exactly the scores that they should."""

import pytest

from course_lib.classroom import variants
from course_lib.classroom.course import Course
from course_lib.classroom.verify import verify

LABS = Course.find(__file__).lab_names()


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("part", [4, pytest.param(1, marks=pytest.mark.stress)])
@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_verified(course, lab, part, monkeypatch):
    """With fewer seeds, and a quarter of wrong and hostile variants; `make stress` has all."""
    monkeypatch.setattr("course_lib.classroom.verify.SEEDS", 5)
    found = variants.read_all(course, lab)
    right = [one for one in found if one.name.startswith("right_")]
    bad = [one for one in found if one not in right]
    monkeypatch.setattr(variants, "read_all", lambda *_: right + bad[::part])
    findings = list(verify(course, lab, jobs=2))
    assert len(findings) > 10
    assert {finding.what: finding.problems for finding in findings if finding.problems} == {}


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
