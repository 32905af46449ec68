import re

import nbformat
import pytest

from classroom.labs import variants

SOLVED = {"a": "def a(x):\n    y = 2 * x\n    return y", "b": "def b(x):\n    return 3 * x"}
"""Reference solutions of two tasks."""


@pytest.fixture
def source(lab):
    return nbformat.read(lab.source("tiny"), as_version=4)


@pytest.fixture
def read(tmp_path):
    """Function that reads a variant with this `REPLACE`, and these cells below."""

    def read_edited(replace, cells=""):
        path = tmp_path / "wrong.py"
        path.write_text(f'"""Wrong."""\n\nLOSES = {{}}\nREPLACE = {replace!r}\n{cells}')
        return variants.read(path, SOLVED)

    return read_edited


def test_reading_a_variant(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text('"""Thrice."""\n\nLOSES = {"a-check": 2}\n\n\n# %% a\nx = 1\n\n# %% b\ny = 2\n')
    found = variants.read(path, SOLVED)
    assert found == variants.Variant(
        "wrong", "Thrice.", {"a-check": 2}, "", {"a": "x = 1", "b": "y = 2"}
    )


def test_a_variant_without_its_score_is_refused(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text('"""Thrice."""\n\n# %% a\nx = 1\n')
    with pytest.raises(ValueError, match=r"docstring and LOSES"):
        variants.read(path, SOLVED)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("", r"docstring and LOSES"),
        ('"""Thrice."""\n\nLOSES = 3\n', r"docstring and LOSES"),
        ('"""Thrice."""\n\nLOSES = dict(a=1)\n', r"first cell holds more .* not written out"),
        ('"""Thrice."""\n\nLOSES = {}\n\n\n# %% c\nx = 1\n', r"cell 2 .* not 'c'. .* are: a, b"),
        ('"""Thrice."""\n\nLOSES = {}\n\n\n# %%\nx = 1\n', r"cell 2 .* `# %% TASK`, .* not ''"),
    ],
)
def test_what_a_variant_lacks_is_named_with_its_file(tmp_path, script, words):
    path = tmp_path / "wrong.py"
    path.write_text(script)
    with pytest.raises(ValueError, match=rf"wrong\.py.*{words}"):
        variants.read(path, SOLVED)


@pytest.mark.parametrize(
    ("loses", "words"),
    [
        (
            {"triple-check": 1},
            r"'triple-check', which is no test cell. .*: double-tests, double-ch",
        ),
        ({"why": 1}, r"'why', which is no test cell"),
        ({"double-check": 2.5}, r"takes 2\.5 points off 'double-check', which has 2"),
        ({"double-check": -1}, r"takes -1 points off"),
    ],
)
def test_points_that_a_variant_cannot_lose_are_refused(lab, loses, words):
    path = lab.labs / "variants" / "tiny" / "wrong.py"
    path.write_text(f'"""Thrice."""\n\nLOSES = {loses}\n')
    with pytest.raises(ValueError, match=rf"wrong\.py: LOSES .*{words}"):
        variants.read_all(lab, "tiny")


def test_edits_change_the_solution_and_answer_no_other_task(read):
    found = read({"return y": "return y + y", "y = 2 * x": "y = x"})
    assert found.answers == {"a": "def a(x):\n    y = x\n    return y + y"}


def test_an_edit_and_a_cell_answer_two_tasks(read):
    found = read({"3 * x": "4 * x"}, "\n\n# %% a\na = None\n")
    assert found.answers == {"a": "a = None", "b": "def b(x):\n    return 4 * x"}


@pytest.mark.parametrize(("old", "times"), [("5 * x", 0), ("return ", 2), ("* x", 2)])
def test_a_text_that_does_not_occur_exactly_once_is_refused(read, old, times):
    message = f"wrong.py replaces {old!r}, which occurs {times} times"
    with pytest.raises(ValueError, match=re.escape(message)):
        read({old: "y"})


@pytest.mark.parametrize(
    "texts", [("y = 2 * x", "2 * x\n"), ("2 * x\n", "y = 2 * x"), ("y = 2 * x", "2 *")]
)
def test_edits_that_overlap_are_refused(read, texts):
    with pytest.raises(ValueError, match=r"wrong.py replaces '2 .*' twice: .* overlap"):
        read(dict.fromkeys(texts, "y"))


def test_edits_may_touch(read):
    assert read({"2 *": "", " x\n": "x\n"}).answers["a"].startswith("def a(x):\n    y = x\n")


def test_a_task_is_not_both_edited_and_answered_by_a_cell(read):
    with pytest.raises(ValueError, match=r"wrong.py both edits b .* and answers it by a cell"):
        read({"3 * x": "x"}, "\n\n# %% b\nb = None\n")


def test_edits_apply_to_the_solution_of_the_lab(lab):
    path = lab.labs / "variants" / "tiny" / "wrong.py"
    path.write_text('"""Thrice."""\n\nLOSES = {}\nREPLACE = {"return 2": "return 3"}\n')
    (found,) = variants.read_all(lab, "tiny")
    assert "    return 3 * x\n" in found.answers["double"]


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
