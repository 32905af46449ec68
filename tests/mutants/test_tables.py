"""The tables of mutants are in order; `python -m tests.mutants` runs them."""

from collections import Counter

import pytest

from tests.mutants import report, tables

MUTANTS = tables.load()


def test_every_mutant_can_be_made_and_has_its_test():
    faults = {mutant.trap: tables.fault(mutant) for mutant in MUTANTS}
    assert {trap: fault for trap, fault in faults.items() if fault} == {}


def test_no_two_mutants_are_equal():
    for same in ("trap", "text"):
        keys = [m.trap if same == "trap" else (m.file, m.original, m.mutant) for m in MUTANTS]
        assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_the_list_names_the_mutants_that_there_are():
    assert report.LIST.read_text(encoding="utf-8") == report.text_of(MUTANTS), "run `make mutants`"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "test_sums.py").write_text(
        "def test_add():\n    pass\nclass TestSums:\n    def test_sub(self):\n        pass\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"killed_by": "test_sums.py::test_add[3-4]"}, None),
        ({"killed_by": "test_sums.py::TestSums::test_sub"}, None),
        ({"file": "sum.py"}, "there is no file sum.py"),
        ({"original": "a * b"}, "the original occurs 0 times in sums.py, not once"),
        ({"original": "a"}, "the original occurs 3 times in sums.py, not once"),
        ({"mutant": "a + b"}, "the mutant is the original"),
        ({"mutant": "a +"}, "the mutant is no Python"),
        ({"killed_by": "test_sum.py::test_add"}, "there is no file test_sum.py"),
        ({"killed_by": "test_sums.py::test_mul"}, "there is no test_mul in test_sums.py"),
        ({"killed_by": "test_sums.py"}, "test_sums.py names no test"),
        ({"killed_by": "test_sums.py::TestSums"}, "names no test"),
    ],
)
def test_what_is_wrong_with_an_entry_is_named(project, changes, fault):
    entry = {
        "topic": "sums",
        "trap": "the sign",
        "file": "sums.py",
        "original": "a + b",
        "mutant": "a - b",
        "killed_by": "test_sums.py::test_add",
        **changes,
    }
    found = tables.fault(tables.Mutant(**entry), project)
    assert found is None if fault is None else fault in found


def test_tables_without_something_are_named(tmp_path):
    (tmp_path / "sums.toml").write_text('[[mutant]]\ntrap = "the sign"\nfile = "sums.py"\n')
    with pytest.raises(ValueError, match=r"Entry 1 of sums.toml is not whole: .*'original'"):
        tables.load(tmp_path)
    with pytest.raises(ValueError, match=r"tables of \['sums'\], but got \['products'\]"):
        tables.load(tmp_path, ["products"])
