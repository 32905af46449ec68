import pytest

from course_lib.classroom.assertions import MARKS, rewrite


def run(source, **names):
    """Runs a rewritten test; returns what it stored and what it should store, and the error."""
    rewritten = rewrite(source, "record")
    found = {"look": lambda value: value}
    error = None
    try:
        exec(rewritten.source, {"record": found, **names})
    except Exception as raised:
        error = raised
    del found["look"]
    return found, rewritten.expected, error


def test_a_test_that_passes_stores_what_is_expected():
    found, expected, error = run("x = 1\nassert x == 1\nassert x < 2 < 3, 'no'")
    assert error is None
    assert found == expected
    assert len(expected) == 2 + MARKS


def test_a_test_that_fails_raises_its_message():
    found, expected, error = run("assert 1 == 1\nassert 1 == 2, f'{1} is not 2'\nassert 2 == 2")
    assert isinstance(error, AssertionError)
    assert str(error) == "1 is not 2"
    assert (found[0], found[1], 2 in found) == (True, False, False)
    assert found != expected


def test_assertions_that_not_every_run_reaches_are_not_expected():
    source = "for i in range(n):\n    assert i >= 0\ndef later():\n    assert False\nassert n == 0"
    found, expected, error = run(source, n=0)
    assert error is None
    assert found == expected


def test_marks_differ_from_time_to_time():
    marks = {tuple(rewrite("assert True", "r").expected.values()) for _ in range(8)}
    assert len(marks) > 1


def test_operands_and_arguments_are_looked_at():
    seen = []
    source = rewrite("assert f(3, *[4]) == 5 and g(6)", "record").source
    found = {"look": lambda value: seen.append(value) or value}
    exec(source, {"record": found, "f": lambda *a: 5, "g": lambda a: True})
    assert seen == [3, 5, 5, 6, True]


def test_the_value_of_the_last_expression_is_stored():
    found, _, _ = run("assert True\n0.5")
    assert found["value"] == 0.5


def test_magics_are_understood():
    assert "run_line_magic" in rewrite("%time 1", "record").source


def test_nothing_of_an_assertion_is_left():
    source = rewrite("assert a\nif b:\n    assert c, 'd'", "record").source
    assert "assert " not in source


def test_a_source_that_is_no_python_is_refused():
    with pytest.raises(SyntaxError):
        rewrite("assert (", "record")
