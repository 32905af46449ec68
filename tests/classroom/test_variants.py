import nbformat
import pytest

from course_lib.classroom import variants


@pytest.fixture
def source(lab):
    return nbformat.read(lab.source("tiny"), as_version=4)


def test_reading_a_variant(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text('"""Thrice."""\n\nLOSES = {"a-check": 2}\n\n\n# %% a\nx = 1\n\n# %% b\ny = 2\n')
    found = variants.read(path)
    assert found == variants.Variant(
        "wrong", "Thrice.", {"a-check": 2}, "", {"a": "x = 1", "b": "y = 2"}
    )


def test_a_variant_without_its_score_is_refused(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text('"""Thrice."""\n\n# %% a\nx = 1\n')
    with pytest.raises(ValueError, match=r"docstring and LOSES"):
        variants.read(path)


def test_answers_replace_solutions(source):
    filled = variants.answer(source, {"double": "double = None"})
    assert filled.cells[0].source == "double = None"
    assert source.cells[0].source != "double = None"


def test_an_answer_to_no_question_is_refused(source):
    with pytest.raises(ValueError, match=r"no solution cell 'triple'. There are: double, why"):
        variants.answer(source, {"triple": "x"})


def test_points_are_those_of_tests(source):
    assert variants.points(source) == {"double-tests": 1, "double-check": 2}
