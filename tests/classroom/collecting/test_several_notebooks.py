"""Labs of several notebooks, and of one that is not called like its lab."""

import shutil

import pytest

from classroom.collecting.collect import collect, find_labs
from classroom.collecting.records import read_record
from tests.classroom.collecting.conftest import notebook

LATER = (2026, 4, 1, 0, 0, 0)
BETWEEN = (2026, 3, 15, 0, 0, 0)
ATTEMPT = "Lab_ada_attempt_2026-03-{:02}-12-00-00_{}"
ONE, TWO = notebook("problem1", "1"), notebook("problem2", "2")


@pytest.fixture
def homework(two_labs):
    """The course with the lab `ps1` of two notebooks, and `ps2` of one, `essay`."""
    for lab, names in {"ps1": ("problem1", "problem2"), "ps2": ("essay",)}.items():
        folder = two_labs.labs / "source" / lab
        folder.mkdir()
        for name in names:
            (folder / f"{name}.ipynb").write_text(notebook(name))
    return two_labs


def statuses(collected):
    return {item.file: item.status for item in collected}


def test_each_of_the_labs_notebooks_is_taken_under_its_own_name(homework, export, handed_in):
    files = {"ada/problem1.ipynb": ONE, "ada/my second.ipynb": TWO, "bob/problem2.ipynb": "damaged"}
    path = export(files)
    assert statuses(collect(homework, "ps1", path)) == dict.fromkeys(files, "new")
    stored = {
        "ada/ps1/problem1.ipynb": ONE,
        "ada/ps1/problem2.ipynb": TWO,
        "bob/ps1/problem2.ipynb": "damaged",
    }
    assert handed_in(homework) == stored
    before = {p: p.stat().st_mtime_ns for p in homework.labs.glob("submitted/**/*")}
    assert statuses(collect(homework, "ps1", path)) == dict.fromkeys(files, "unchanged")
    assert {p: p.stat().st_mtime_ns for p in homework.labs.glob("submitted/**/*")} == before


def test_cells_come_before_names_and_newer_copies_before_older(homework, export, handed_in):
    files = {
        "ada/problem2.ipynb": ONE,
        "ada/problem1.ipynb": notebook("none"),
        "ada/problem2 (1).ipynb": notebook("problem1", "newer"),
        "ada/notes.ipynb": "{}",
    }
    found = {item.file: item.reason for item in collect(homework, "ps1", export(files))}
    assert handed_in(homework) == {"ada/ps1/problem1.ipynb": notebook("problem1", "newer")}
    assert found == {
        "ada/problem1.ipynb": "ada/problem2 (1).ipynb was taken",
        "ada/problem2.ipynb": "ada/problem2 (1).ipynb was taken",
        "ada/problem2 (1).ipynb": "",
        "ada/notes.ipynb": "neither its cells nor its name say which it is of problem1.ipynb, "
        "problem2.ipynb",
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("problem1.ipynb", "problem1"),
        ("PROBLEM1-3.ipynb", "problem1"),
        ("my problem10 (2).ipynb", "problem10"),
        ("problem10-final.ipynb", "problem10"),
        ("problem12.ipynb", None),
        ("ps1.ipynb", None),
    ],
)
def test_which_notebook_a_file_is_called_like(homework, export, name, found):
    shutil.copy(homework.source("ps1", "problem1"), homework.source("ps1", "problem10"))
    homework.source("ps1", "problem2").unlink()
    # The two have the same cells, which say nothing.
    collected = collect(homework, "ps1", export({f"ada/{name}": notebook("problem1")}))
    stored = [path.stem for path in homework.labs.glob("submitted/ada/ps1/*.ipynb")]
    assert stored == ([found] if found else [])
    assert [item.status for item in collected] == ["new" if found else "skipped"]


def test_a_newer_copy_of_one_notebook_replaces_that_one_only(homework, export, handed_in):
    first = {"ada/problem1.ipynb": ONE, "ada/problem2.ipynb": TWO, "ada/x.csv": "1"}
    collect(homework, "ps1", export(first))
    later = {"ada/problem1.ipynb": notebook("problem1", "later"), "ada/y.csv": "2"}
    collect(homework, "ps1", export(later, LATER))
    # The second notebook that is stored is older than this one, though the hand-in is not.
    between = {
        "ada/problem1.ipynb": notebook("problem1", "between"),
        "ada/problem2.ipynb": notebook("problem2", "between"),
        "ada/x.csv": "3",
    }
    found = collect(homework, "ps1", export(between, BETWEEN))
    kept = {"ada/problem1.ipynb": "kept newer", "ada/problem2.ipynb": "replaced"}
    assert statuses(found) == kept | {"ada/x.csv": "kept newer"}
    stored = {
        "ada/ps1/problem1.ipynb": notebook("problem1", "later"),
        "ada/ps1/problem2.ipynb": notebook("problem2", "between"),
        "ada/ps1/x.csv": "1",
        "ada/ps1/y.csv": "2",
    }
    assert handed_in(homework) == stored
    record = read_record(homework, "ps1", "ada")
    assert record.files == ["x.csv", "y.csv"]
    again = collect(homework, "ps1", export(later, LATER))
    assert {*statuses(again).values()} == {"unchanged"}
    assert read_record(homework, "ps1", "ada") == record
    collect(homework, "ps1", export(first))
    assert handed_in(homework) == stored


def test_the_hand_in_is_as_late_as_its_latest_notebook(homework, export, handed_in):
    latest = "2026-03-05T12:00:00+00:00\n"
    files = {ATTEMPT.format(5, "problem1.ipynb"): ONE, ATTEMPT.format(5, "one.py"): "1"}
    collect(homework, "ps1", export(files))
    older = {ATTEMPT.format(2, "problem2.ipynb"): TWO, ATTEMPT.format(2, "two.py"): "2"}
    collect(homework, "ps1", export(older))
    assert handed_in(homework)["ada/ps1/timestamp.txt"] == latest
    assert handed_in(homework)["ada/ps1/problem2.ipynb"] == TWO
    shutil.rmtree(homework.labs / "submitted")
    found = {item.file: item.handed_in for item in collect(homework, "ps1", export(older | files))}
    assert handed_in(homework) == {
        "ada/ps1/problem1.ipynb": ONE,
        "ada/ps1/problem2.ipynb": TWO,
        "ada/ps1/one.py": "1",
        "ada/ps1/two.py": "2",
        "ada/ps1/timestamp.txt": latest,
    }
    assert [*filter(None, found.values())] == [
        "2026-03-02 12:00 (Blackboard)",
        "2026-03-05 12:00 (Blackboard)",
    ]
    collect(homework, "ps1", export({ATTEMPT.format(3, "problem2.ipynb"): notebook("problem2")}))
    assert handed_in(homework)["ada/ps1/timestamp.txt"] == latest
    assert handed_in(homework)["ada/ps1/problem2.ipynb"] == notebook("problem2")


def test_a_late_notebook_stays_late_beside_one_in_time(homework, export):
    collect(homework, "ps1", export({"ada_LATE_101_7_problem1.ipynb": ONE}))
    collect(homework, "ps1", export({"ada_101_8_problem2.ipynb": TWO}, LATER))
    assert read_record(homework, "ps1", "101").is_late


def test_files_stand_beside_the_notebook_that_they_came_with(homework, export, handed_in):
    files = {
        "ada/one/problem1.ipynb": ONE,
        "ada/one/data/x.csv": "1",
        "ada/two/problem2.ipynb": TWO,
        "ada/two/y.csv": "2",
        "ada/two/problem1.ipynb/z.csv": "3",
        "bob/problem1.ipynb": ONE,
    }
    collect(homework, "ps1", export(files))
    assert handed_in(homework) == {
        "ada/ps1/problem1.ipynb": ONE,
        "ada/ps1/problem2.ipynb": TWO,
        "ada/ps1/data/x.csv": "1",
        "ada/ps1/y.csv": "2",
        "bob/ps1/problem1.ipynb": ONE,
    }


def test_files_without_folders_say_whose_they_are_by_the_notebooks_name(
    homework, export, handed_in
):
    files = {"ada_problem1.ipynb": ONE, "ada_problem2.ipynb": TWO, "problem2-bob.ipynb": TWO}
    assert find_labs(homework, export(files)) == {"ps1": 3}
    collect(homework, "ps1", export(files))
    assert handed_in(homework) == {
        "ada/ps1/problem1.ipynb": ONE,
        "ada/ps1/problem2.ipynb": TWO,
        "bob/ps1/problem2.ipynb": TWO,
    }


@pytest.mark.parametrize("name", ["essay", "ps2", "my work"])
def test_the_only_notebook_has_its_own_name_and_not_the_labs(homework, export, handed_in, name):
    collect(homework, "ps2", export({f"ada/{name}.ipynb": "work", "bob/essay.ipynb": "Bob's"}))
    stored = handed_in(homework)
    assert stored == {"ada/ps2/essay.ipynb": "work", "bob/ps2/essay.ipynb": "Bob's"}


@pytest.mark.parametrize("name", ["essay", "ps2"])
def test_of_several_the_one_called_like_the_notebook_or_its_lab(homework, export, handed_in, name):
    collect(homework, "ps2", export({f"ada/{name}.ipynb": "work", "ada/scratch.ipynb": "notes"}))
    assert handed_in(homework) == {"ada/ps2/essay.ipynb": "work"}


def test_another_labs_cells_are_taken_under_the_notebooks_name_when_told_to(
    homework, export, handed_in
):
    files = {"ada/problem1.ipynb": notebook("other"), "ada/work.ipynb": TWO}
    collect(homework, "ps1", export(files), any_lab=True)
    assert handed_in(homework) == {
        "ada/ps1/problem1.ipynb": notebook("other"),
        "ada/ps1/problem2.ipynb": TWO,
    }


def test_the_time_that_an_instructor_wrote_decides(homework, export, handed_in):
    collect(homework, "ps1", export({ATTEMPT.format(1, "problem1.ipynb"): ONE}))
    stamp = homework.labs / "submitted/ada/ps1/timestamp.txt"
    stamp.write_text("2026-03-10 12:00:00 UTC")
    later = {ATTEMPT.format(5, "problem1.ipynb"): notebook("problem1", "later")}
    assert {*statuses(collect(homework, "ps1", export(later))).values()} == {"kept newer"}
    assert handed_in(homework)["ada/ps1/problem1.ipynb"] == ONE


@pytest.mark.parametrize("name", ["problem1", "problem2"])
def test_a_file_with_as_many_cells_of_two_is_what_it_is_called(homework, export, handed_in, name):
    both = ONE.replace('"own"', '"problem2-task"')
    collect(homework, "ps1", export({f"ada/{name}.ipynb": both}))
    assert handed_in(homework) == {f"ada/ps1/{name}.ipynb": both}


def test_a_file_may_be_called_like_a_folder_beside_it(homework, export, handed_in):
    files = {"ada/x/problem1.ipynb": ONE, "ada/x": "1", "bob/problem1.ipynb": ONE}
    collect(homework, "ps1", export(files))
    assert handed_in(homework)["ada/ps1/x"] == "1"
