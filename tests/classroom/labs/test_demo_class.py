import numpy as np
import pytest

from classroom.collecting.collect import collect
from classroom.grading.grade_class import grade
from classroom.labs.demo_class import make_class
from classroom.results.gradebook import read_scores

pytestmark = [pytest.mark.services, pytest.mark.slow]


def test_a_demo_class_gets_the_points_that_its_answers_deserve(scratch, tmp_path):
    archive = tmp_path / "class.zip"
    expected = make_class(scratch, "multitask", archive, students=6, seed=1)
    collect(scratch, "multitask", archive)
    assert not [outcome.fault for outcome in grade(scratch, "multitask", jobs=2) if outcome.fault]
    found = read_scores(scratch, "multitask")
    totals = dict(zip(found.students, found.totals))
    assert totals == expected
    assert np.std(list(totals.values())) > 1
    assert found.students["1001"] == "Student 1"


def test_a_demo_class_comes_from_its_seed(scratch, tmp_path):
    first, same, other = (
        make_class(scratch, "multitask", tmp_path / f"{number}.zip", seed=seed)
        for number, seed in enumerate((1, 1, 2))
    )
    assert first == same != other
