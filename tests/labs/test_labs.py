"""Every lab grades as it says: all variants get exactly the scores that they should."""

import pytest

from course_lib.classroom import variants
from course_lib.classroom.course import Course
from course_lib.classroom.verify import verify

LABS = Course.find(__file__).lab_names()


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_verified(course, lab, monkeypatch):
    """With fewer seeds than `course labs verify` takes."""
    monkeypatch.setattr("course_lib.classroom.verify.SEEDS", 5)
    findings = list(verify(course, lab, jobs=2))
    assert len(findings) > 10
    assert {finding.what: finding.problems for finding in findings if finding.problems} == {}


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_has_enough_variants(course, lab):
    found = variants.read_all(course, lab)
    right = [variant for variant in found if not variant.loses]
    wrong = [variant for variant in found if variant.loses]
    assert len(right) >= 3
    assert len(wrong) >= 8
    for variant in wrong:
        tasks = {cell.split("-")[0] for cell in variant.loses}
        assert tasks == set(variant.answers), (
            f"{variant.name} should break the task that it answers"
        )
