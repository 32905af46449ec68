import random
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from classroom.reports.similarity import compare, find_similar, normalize

ORIGINAL = """
def spread(values, weights):
    # the mean first
    total = sum(w * v for w, v in zip(weights, values))
    mean = total / sum(weights)
    squares = [w * (v - mean) ** 2 for w, v in zip(weights, values)]
    return (sum(squares) / sum(weights)) ** 0.5
"""
RENAMED = '''
def spread( a, b ):
    """Text of my own."""

    t = sum(y * x for y, x in zip(b, a))    # another remark
    m = t / sum(b)
    s = [y*(x-m)**2 for y, x in zip(b, a)]
    return (sum(s) / sum(b))**0.5
'''


def code(text):
    return normalize(new_code_cell(text))


def own_work(seed, lines=12):
    """Code that nobody else writes."""
    rng = random.Random(seed)
    names = ["abs", "len", "all", "min", "sum", "round", "sorted", "print"]
    return "\n".join(
        f"x{rng.randrange(9)} = {rng.choice(names)}(y, {rng.randrange(100)}) "
        f"{rng.choice('+-*/%')} {rng.choice(names)}([z, {rng.randrange(100)}])"
        for _ in range(lines)
    )


def make_class(size):
    return {
        f"s{seed}": {"a": code(own_work(seed)), "b": code(own_work(-seed))} for seed in range(size)
    }


def test_names_comments_and_white_space_do_not_count():
    assert code(ORIGINAL).replace("S", "") == code(RENAMED).replace("S", "")
    text = "Twice is twice, of course."
    assert normalize(new_markdown_cell(text)) == normalize(
        new_markdown_cell("twice is TWICE of  course")
    )


def test_a_copy_is_found_with_its_questions():
    answers = make_class(20)
    answers["first"] = {"a": code(own_work(100)), "b": code(ORIGINAL + own_work(101))}
    answers["second"] = {"a": code(own_work(102, lines=2)), "b": code(RENAMED + own_work(101))}
    (pair,) = compare(answers)
    assert {pair.first, pair.second} == {"first", "second"}
    assert pair.questions == ["b"]
    assert 0.3 <= pair.share < 1


def test_what_all_have_is_no_evidence():
    answers = {student: {"a": code(ORIGINAL)} for student in "abcdef"}
    assert compare(answers) == []
    answers["f"] = answers["g"] = {"a": code(own_work(0))}
    assert [(pair.first, pair.second) for pair in compare(answers)] == [("f", "g")]


def test_what_was_given_is_no_evidence():
    answers = make_class(20)
    for student in ("s1", "s2"):
        answers[student] = {"a": code(own_work(100))}
    assert len(compare(answers)) == 1
    assert compare(answers, [code(own_work(100))]) == []


@pytest.mark.parametrize("text", ["", "x = 1", "def f(:\n  ???", "\ud800 é\n\x00"])
def test_short_and_broken_answers_are_survived(text):
    assert compare({student: {"a": code(text)} for student in "abcd"}) == []
    assert compare({"alone": {"a": code(text)}}) == []


def test_a_thousand_submissions_take_less_than_a_minute():
    answers = make_class(999)
    answers["copy"] = answers["s7"]
    start = time.process_time()
    assert [(pair.first, pair.second) for pair in compare(answers)] == [("s7", "copy")]
    assert time.process_time() - start < 60


def test_graded_notebooks_are_compared(lab, answer):
    def grade(student, source, own=""):
        notebook = answer(source)
        notebook.cells.insert(1, new_code_cell(own))
        folder = lab.labs / "autograded" / student / "tiny"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "tiny.ipynb")

    for seed in range(8):
        grade(str(seed), own_work(seed), own_work(-seed))
    assert find_similar(lab, "tiny") == []
    grade("copy", own_work(3), own_work(-3).replace("x", "mine").replace("\n", "  # new\n"))
    (pair,) = find_similar(lab, "tiny")
    assert (pair.first, pair.second, pair.questions) == ("3", "copy", ["double"])
    assert pair.share == pytest.approx(1)
