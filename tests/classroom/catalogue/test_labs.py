import json

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


@pytest.mark.parametrize(
    ("cell", "about", "words"),
    [
        (0, {"grade_id": None}, r"cell 1 has no `grade_id`"),
        (1, {"grade_id": "double"}, r"cell 2 has the name 'double' of another cell"),
        (2, {"points": None}, r"'double-check' has no number of `points` .* None"),
        (3, {"points": "many"}, r"'why' has no number of `points` .* 'many'"),
        (3, {"grade": False, "solution": False, "task": True, "points": -1}, r"'why' .* -1"),
    ],
)
def test_what_a_cell_lacks_is_named(lab, cell, about, words):
    notebook = json.loads(lab.source("tiny").read_text())
    notebook["cells"][cell]["metadata"]["nbgrader"].update(about)
    lab.source("tiny").write_text(json.dumps(notebook))
    with pytest.raises(ValueError, match=rf"tiny\.ipynb: .*{words}"):
        list_labs(lab)
