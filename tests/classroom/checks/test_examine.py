import pytest

from classroom.checks.examine import examine

CHECKS = """from classroom.checks import Check


class Double(Check):
    task = "double"

    def given(self, rng):
        return {"x": 1}

    @staticmethod
    def run(student, x):
        return student.double(x)

    def judge(self, given, returned):
        yield returned == 2, "It is twice."
"""


@pytest.fixture
def write(tmp_path):
    """Function that writes a file of checks in which a text is replaced."""

    def written(before="", after=""):
        assert before in CHECKS
        path = tmp_path / "tiny.py"
        path.write_text(CHECKS.replace(before, after) if before else CHECKS)
        return path

    return written


def test_checks_in_order_are_returned(write, tmp_path):
    source, checks = examine(write())
    assert (source, list(checks)) == (CHECKS, ["double"])
    assert examine(tmp_path / "none.py") == ("", {})


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("given(self, rng):", "given(self, rng)", r"tiny\.py cannot be loaded: line 7: SyntaxErr"),
        ("from classroom.checks", "from no_such", r"tiny\.py cannot be loaded: line 1: ModuleNot"),
        ('    task = "double"', "    task = lambda: 1 / 0\n    task()", "line 5: ZeroDivisionErr"),
        ('return {"x": 1}', "return {}[1]", r"tiny\.py, line 8: .* Double makes no hidden inputs"),
        ('return {"x": 1}', "return {'x': [1][int(rng.integers(2))]}", r"line 8: .* IndexError"),
        ('return {"x": 1}', "return {1, 2}", r"line 7: .* Double makes no hidden inputs"),
        ('return {"x": 1}', "return [1]", r"line 7: .* inputs that are no dictionary"),
        ("yield returned == 2,", "return returned == 2,", r"line 14: .* yields nothing"),
        ("def judge", "def jugde", r"tiny\.py, line 4: .* Double has no `judge`"),
        ("def given", "def gives", r"line 4: .* has no `given`"),
        ("def run", "def runs", r"line 4: .* has no `run`"),
        ('task = "double"', "about = 1", r"line 4: .* names no task"),
        ('"double"', '"double"\n    points_shown = 2', r"line 4: .* 1 points, of which 2 cannot"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(write, before, after, words):
    with pytest.raises(ValueError, match=words):
        examine(write(before, after))
