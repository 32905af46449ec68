import nbformat
import pytest

from classroom.labs import variants


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


def variant(name, task, loses=True, code=None):
    code = code or f"def {task}():\n    return None"
    return variants.Variant(name, "", {f"{task}-check": 1} if loses else {}, "", {task: code})


def test_wrong_variants_of_different_tasks_share_a_notebook():
    solved = {"a": "def a():\n    return 1", "b": "def b():\n    return 2"}
    found = [
        variant("a1", "a"),
        variant("a2", "a"),
        variant("right", "b", loses=False),
        variant("hostile_b", "b"),
        variant("imports", "b", code="import math\n\n\ndef b():\n    return math.pi"),
        variant("another_name", "b", code="def c():\n    return 2"),
        variant("assigns", "b", code="keras.Model.fit = None"),
        variant("no_python", "b", code="def b(:"),
        variant("b1", "b"),
    ]
    packs = [[one.name for one in pack] for pack in variants.pack(found, solved)]
    assert packs[:2] == [["a1", "b1"], ["a2"]]
    assert packs[2:] == [[one.name] for one in found[2:-1]]


def test_points_are_those_of_tests(source):
    assert variants.points(source) == {"double-tests": 1, "double-check": 2}
