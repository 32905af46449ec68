import pytest

from classroom.catalogue.labs import list_labs


def test_a_lab_has_the_points_of_its_tests_and_its_variants(lab):
    (lab.labs / "variants" / "tiny" / "wrong_sign.py").touch()
    (tiny,) = list_labs(lab)
    assert (tiny.name, tiny.points) == ("tiny", {"double-tests": 1, "double-check": 2})
    assert [path.stem for path in tiny.variants] == ["wrong_sign"]


@pytest.mark.parametrize("text", ["{ broken", "[]", '{"cells": [1]}'])
def test_a_damaged_lab_is_named(lab, text):
    lab.source("tiny").write_text(text)
    with pytest.raises(ValueError, match=r"tiny.ipynb is no notebook"):
        list_labs(lab)
