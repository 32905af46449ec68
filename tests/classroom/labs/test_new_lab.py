import pytest

from classroom.catalogue.labs import list_labs
from classroom.labs.new_lab import new_lab
from classroom.labs.verify import verify


@pytest.mark.services
def test_a_new_lab_verifies_at_once(lab):
    made = new_lab(lab, "scaling")
    assert all(path.exists() for path in made)
    scaling, _ = list_labs(lab)
    assert (scaling.name, scaling.points) == ("scaling", {"rescale-check": 3})
    kinds = ["hostile", "right", "wrong"]
    assert [path.name.partition("_")[0] for path in scaling.variants] == kinds
    findings = list(verify(lab, "scaling", jobs=2, sealed=False))
    assert {one.what: one.problems for one in findings if one.problems} == {}
    assert {
        "hostile_reads_frames is reported",
        "wrong_largest_by_absolute_value loses what it should",
        "Forged answers get no point",
    } <= {finding.what for finding in findings}


@pytest.mark.parametrize("name", ["Scaling", "scaling-lab", "../scaling", ""])
def test_a_name_that_a_lab_cannot_have_is_refused(lab, name):
    with pytest.raises(ValueError, match="A lab cannot be called"):
        new_lab(lab, name)


def test_a_lab_is_not_overwritten(lab):
    before = lab.source("tiny").read_bytes()
    with pytest.raises(ValueError, match=r"source.tiny exists already"):
        new_lab(lab, "tiny")
    assert lab.source("tiny").read_bytes() == before
