"""Archives as learning platforms write them; `docs/collecting.md` says where each is from."""

import unicodedata
import zipfile

import pytest

from classroom.collecting.collect import collect
from classroom.collecting.platforms import identify
from tests.classroom.collecting.conftest import notebook

MOODLE = "Ada Lovelace_101_assignsubmission_file"
ONLINE = "text entered online, no notebook"


@pytest.mark.parametrize(
    ("layout", "students"),
    [
        pytest.param({f"{MOODLE}/lab 1/old/tiny.ipynb": "101"}, "Moodle", id="nested folders"),
        pytest.param({"Participant_123_assignsubmission_file_/tiny.ipynb": "123"}, "Moodle"),
        pytest.param({"Participant 123_assignsubmission_file_/tiny.ipynb": "123"}, "Moodle"),
        pytest.param({"Gruppe 3-Anna Berg_104_assignsubmission_file_/a.ipynb": "104"}, "Moodle"),
        pytest.param({"Gruppe 3_55_assignsubmission_file/tiny.ipynb": "55"}, "Moodle", id="team"),
        pytest.param({"Default group_assignsubmission_file/tiny.ipynb": "Default-group"}, "Moodle"),
        pytest.param({"Berg, Anna-Lena_104_assignsubmission_file_tiny.ipynb": "104"}, "Moodle"),
        pytest.param({"anon_x7Yz2_LATE_456_tiny.ipynb": "anon_x7Yz2"}, "Canvas"),
        pytest.param({"LATE_anon_x7Yz2_456_tiny.ipynb": "anon_x7Yz2"}, "Canvas"),
        pytest.param({"anon_x7Yz2_456_tiny.ipynb": "anon_x7Yz2"}, "Canvas"),
        pytest.param({"team_of_ada_101_5501_tiny-1.ipynb": "101"}, "Canvas", id="group"),
        pytest.param({"ñandú_LATE_102_5502_tiny.ipynb": "102"}, "Canvas"),
        pytest.param({"_103_5503_tiny.ipynb": "103"}, "Canvas", id="no name"),
        pytest.param({"Lab_1_ada_attempt_2026-03-01-12-00-00_tiny.ipynb": "ada"}, "Blackboard"),
        pytest.param({"Opgave_ada_poging_2026-03-01-12-00-00_tiny.ipynb": "ada"}, "Blackboard"),
        pytest.param(
            {
                "12-77 - Ada Lovelace - Mar 1, 2026 1022 AM/tiny.ipynb": "12",
                "13-77 - Jean-Luc Picard - 1 March, 2026 10:22 PM/tiny.ipynb": "13",
            },
            "Brightspace",
        ),
        pytest.param(
            {
                "77-12 - Ada Lovelace- Mar 1, 2026 1022 AM - tiny.ipynb": "12",
                "77-13 - Bob - Mar 1, 2026 1022 AM - tiny.ipynb": "13",
            },
            "Brightspace",
            id="Brightspace without folders",
        ),
        pytest.param(
            {"12-77 - N0123456 - Ada Lovelace - Mar 1, 2026 1022 AM - t.ipynb": "N0123456"},
            "Brightspace",
        ),
        pytest.param({"Ada Lovelace - tiny.ipynb": "Ada-Lovelace"}, "the archive"),
        pytest.param({"tiny_ada.ipynb": "ada", "TINY-bob.IPYNB": "bob"}, "the archive"),
        pytest.param(
            {"Berg, Anna/x.ipynb": "Berg-Anna", "O'Neil/x.ipynb": "O-Neil"}, "the archive"
        ),
    ],
)
def test_a_layout(two_labs, export, layout, students):
    platform, expected = students, layout
    collected = collect(two_labs, "tiny", export(dict.fromkeys(layout, "work")))
    assert {item.file: item.student for item in collected} == expected
    assert {item.status for item in collected} == {"new"}
    assert all(platform in item.handed_in for item in collected)


@pytest.mark.parametrize(
    ("file", "student", "reason"),
    [
        ("Ada_101_assignsubmission_onlinetext_/onlinetext.html", "101", ONLINE),
        ("Ada_101_assignsubmission_onlinetext/onlinetext.html", "101", ONLINE),
        ("ada_101_text.html", "101", ONLINE),
        ("ada_LATE_101_link.html", "101", ONLINE),
        ("ada_101_5501_essay.pdf", "101", "a .pdf file is no notebook"),
        ("Ada_101_assignsubmission_file_/essay.DOCX", "101", "a .docx file is no notebook"),
        ("Ada_101_assignsubmission_file_/work.7z", "101", "a .7z archive is not read; ask for a"),
        ("Ada_101_assignsubmission_file_/work.tar.gz", "101", "a .gz archive is not read; ask"),
        ("Lab_ada_attempt_2026-03-01-12-00-00_essay.pdf", "ada", "a .pdf file is no notebook"),
        ("ada_tiny.pdf", "ada", "a .pdf file is no notebook"),
        ("12-77 - Ada - Mar 1, 2026 1022 AM/data.csv", "12-77", "no notebook was taken that it"),
    ],
)
def test_what_is_no_notebook_is_skipped_with_its_student(two_labs, export, file, student, reason):
    files = {file: "x", "Bob_102_assignsubmission_file_/tiny.ipynb": "work"}
    found = {item.file: item for item in collect(two_labs, "tiny", export(files))}
    assert (found[file].student, found[file].status) == (student, "skipped")
    assert found[file].reason.startswith(reason)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("Lab_ada_attempt_2026-03-01-12-34-56_tiny.ipynb", "2026-03-01 12:34 (Blackboard)"),
        ("1-2 - Ada - Mar 1, 2026 1234 PM/tiny.ipynb", "2026-03-01 12:34 (Brightspace)"),
        ("1-2 - Ada - March 1, 2026 12:34 PM/tiny.ipynb", "2026-03-01 12:34 (Brightspace)"),
        ("1-2 - Ada - 1 März 2026 1234/tiny.ipynb", "not said (Brightspace)"),
        ("Lab_ada_attempt_2026-13-01-12-34-56_tiny.ipynb", "not said (Blackboard)"),
        ("ada_LATE_101_1_tiny.ipynb", "late, not said by how much (Canvas)"),
        ("LATE_anon_ab1_1_tiny.ipynb", "late, not said by how much (Canvas)"),
        ("ada_101_1_tiny_LATE_.ipynb", "not said (Canvas)"),
        (f"{MOODLE}/tiny.ipynb", "not said (Moodle)"),
        ("ada/tiny.ipynb", "not said (the archive)"),
    ],
)
def test_times_are_the_platforms_and_never_the_archives(two_labs, export, file, said):
    (item,) = collect(two_labs, "tiny", export({file: "work"}, (2026, 4, 4, 4, 4, 4)))
    assert item.handed_in == said
    (stamp,) = [*two_labs.labs.glob("submitted/*/tiny/timestamp.txt")] or [None]
    assert bool(stamp) == said.startswith("2026")


def test_of_several_attempts_the_newest_counts_with_its_files(two_labs, export, handed_in):
    late, early = "Lab_ada_attempt_2026-03-02-12-00-00", "Lab_ada_attempt_2026-03-01-12-00-00"
    files = {
        f"{late}_tiny.ipynb": "second",
        f"{late}_helper.py": "new",
        f"{early}_tiny.ipynb": "first",
        f"{early}_old.py": "old",
    }
    found = {item.file: item for item in collect(two_labs, "tiny", export(files))}
    assert found[f"{early}_old.py"].reason == "it is of another attempt than the notebook"
    stored = handed_in(two_labs)
    assert stored.pop("ada/tiny/timestamp.txt").startswith("2026-03-02T")
    assert stored == {"ada/tiny/tiny.ipynb": "second", "ada/tiny/helper.py": "new"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{MOODLE}/tiny.ipynb", f"{MOODLE}/tiny (1).ipynb"),
        (f"{MOODLE}/tiny (9).ipynb", f"{MOODLE}/tiny (10).ipynb"),
        (f"{MOODLE}/z/tiny.ipynb", f"{MOODLE}/tiny.ipynb"),
        ("ada_101_9_tiny.ipynb", "ada_101_10_tiny-1.ipynb"),
    ],
)
def test_a_later_copy_counts(two_labs, export, handed_in, first, second):
    """Dates are those of the download: copies' numbers, folders and Canvas's numbers decide."""
    collect(two_labs, "tiny", export({first: "first", second: "second"}))
    assert handed_in(two_labs) == {"101/tiny/tiny.ipynb": "second"}


@pytest.mark.parametrize(("folder", "counts"), [("ada", "changed last"), (MOODLE, "changed first")])
def test_dates_decide_where_no_platform_packed(two_labs, tmp_path, handed_in, folder, counts):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as opened:
        for name, day in [("tiny (1).ipynb", 1), ("tiny.ipynb", 2)]:
            work = "changed last" if day == 2 else "changed first"
            opened.writestr(zipfile.ZipInfo(f"{folder}/{name}", (2026, 3, day, 0, 0, 0)), work)
    collect(two_labs, "tiny", tmp_path / "export.zip")
    assert [*handed_in(two_labs).values()] == [counts]


@pytest.mark.parametrize(
    "name", ["tiny.ipynb.txt", "tiny.IPYNB", "tiny.ipynb.json", "tiny.ipynb (2)", "tiny (2).ipynb"]
)
def test_what_browsers_make_of_a_notebooks_name(two_labs, export, handed_in, name):
    collect(two_labs, "tiny", export({f"kim_{name}": "work", "ada.ipynb": "more"}))
    assert handed_in(two_labs) == {"kim/tiny/tiny.ipynb": "work", "ada/tiny/tiny.ipynb": "more"}


def test_a_number_before_the_file_is_not_canvas_number(two_labs, export, handed_in):
    """A student who calls a file like Canvas's own names stays who they are."""
    files = {"eve_666_9001_101_5501_tiny.ipynb": "Eve's", "ada_101_9002_tiny.ipynb": "Ada's"}
    collect(two_labs, "tiny", export(files))
    assert handed_in(two_labs) == {"666/tiny/tiny.ipynb": "Eve's", "101/tiny/tiny.ipynb": "Ada's"}


def test_two_names_for_one_of_canvas_numbers_are_refused(two_labs, export):
    files = {"team_1_101_5501_tiny.ipynb": "a", "squad_1_102_5502_tiny.ipynb": "b"}
    found = collect(two_labs, "tiny", export(files))
    assert [item.status for item in found] == ["skipped"] * 2
    assert all("1 team and 1 squad" in f.reason or "1 squad and 1 team" in f.reason for f in found)


def test_blackboards_account_names_the_student(two_labs, export):
    start = "Lab 1_g_hopper_attempt_2026-03-01-12-00-00"
    about = "Name: Grace Hopper (g_hopper)\nAssignment: Lab 1\nDate Submitted: today\n"
    collect(two_labs, "tiny", export({f"{start}.txt": about, f"{start}_tiny.ipynb": "work"}))
    with two_labs.gradebook("tiny") as gradebook:
        assert gradebook.find_student("g_hopper").last_name == "Hopper"


def test_a_forged_account_of_blackboards_names_nobody_else(two_labs, export):
    start = "Lab_eve_attempt_2026-03-01-12-00-00"
    files = {f"{start}.txt": "Name: Ada (ada)\n", f"{start}_tiny.ipynb": "work"}
    found = {item.file: item.student for item in collect(two_labs, "tiny", export(files))}
    assert found[f"{start}_tiny.ipynb"] == "eve"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["Gruppe 3-Anna Berg"], "Anna Berg"),
        (["Anna-Lena Berg"], "Anna-Lena Berg"),
        (["Blue-Anna Berg", "Blue-Bob Berg", "Blue-Cy Berg"], "Anna Berg"),
        (["-Anna Berg"], "Anna Berg"),
    ],
)
def test_the_group_before_a_name_is_no_name(two_labs, export, names, shown):
    files = {
        f"{name}_{number}_assignsubmission_file_/tiny.ipynb": "work"
        for number, name in enumerate(names, 101)
    }
    collect(two_labs, "tiny", export(files))
    with two_labs.gradebook("tiny") as gradebook:
        student = gradebook.find_student("101")
        assert f"{student.first_name} {student.last_name}" == shown


def test_one_of_moodles_numbers_for_two_people_is_refused(two_labs, export):
    collect(two_labs, "tiny", export({f"{MOODLE}/tiny.ipynb": "Ada's"}))
    other = "Bob Berg_101_assignsubmission_file/other.ipynb"
    (item,) = collect(two_labs, "other", export({other: "Bob's"}))
    assert item.reason.startswith("101 is Ada Lovelace in another lab, and Bob Berg here")


def test_a_file_without_a_students_name_is_nobodys(two_labs, export):
    found = collect(two_labs, "tiny", export({"tiny.ipynb": "work", "ada_tiny.ipynb": "more"}))
    assert {item.file: item.student for item in found} == {
        "tiny.ipynb": "",
        "ada_tiny.ipynb": "ada",
    }


def test_a_decomposed_name_is_the_same_student(two_labs, export, handed_in):
    for form, work in [("NFC", "first"), ("NFD", "first")]:
        name = unicodedata.normalize(form, "Jürgen")
        found = collect(two_labs, "tiny", export({f"{name}/tiny.ipynb": work, "b/x.ipynb": "b"}))
    assert {item.status for item in found} == {"unchanged"}
    assert handed_in(two_labs).keys() == {"Jürgen/tiny/tiny.ipynb", "b/tiny/tiny.ipynb"}


def test_capitals_alone_make_no_other_student(two_labs, export):
    collect(two_labs, "tiny", export({"Ada/tiny.ipynb": "first", "bob/tiny.ipynb": "work"}))
    found = collect(two_labs, "tiny", export({"ada/tiny.ipynb": "x", "bob/tiny.ipynb": "work"}))
    assert found[0].reason == "ada differs from submitted/Ada in capitals only"


def test_a_path_is_a_students_only_as_the_platform_wrote_it():
    assert identify(["Ada_1_assignsubmission_file_", "x.ipynb"], ["tiny"]).key == "1"
    assert identify(["eve", "7-8 - Ada - Mar 1, 2026 1 AM", "x.ipynb"], ["tiny"]).key == "eve"
    assert identify(["eve", "ada_101_55_tiny.ipynb"], ["tiny"]).key == "eve"


@pytest.mark.parametrize("beside", ["tiny_zoe.ipynb", "class/tiny.ipynb"])
def test_a_class_is_not_taken_for_one_student(two_labs, export, handed_in, beside):
    files = {f"class/{name}/tiny.ipynb": notebook("tiny", name) for name in ("ada", "bob")}
    files[beside] = notebook("tiny", "beside")
    found = {item.file: item for item in collect(two_labs, "tiny", export(files))}
    for name in ("ada", "bob"):
        assert found[f"class/{name}/tiny.ipynb"].status == "skipped"
        assert "class holds several folders" in found[f"class/{name}/tiny.ipynb"].reason
    zoe = {"zoe/tiny/tiny.ipynb": notebook("tiny", "beside")}
    assert handed_in(two_labs) == (zoe if "zoe" in beside else {})


def test_one_older_folder_of_a_students_own_is_no_class(two_labs, export, handed_in):
    files = {"ada/tiny.ipynb": notebook("tiny", "new"), "bob/tiny.ipynb": notebook("tiny", "bob")}
    old = {"ada/old/tiny.ipynb": notebook("tiny", "old")}
    collect(two_labs, "tiny", export(files | old))
    assert handed_in(two_labs)["ada/tiny/tiny.ipynb"] == notebook("tiny", "new")


def test_a_copy_in_google_drive_is_its_students(two_labs, export, handed_in):
    files = {"Ada - tiny.ipynb": "1", "Ada - Copy of tiny.ipynb": "1", "Copy of tiny.ipynb": "?"}
    found = {item.file: item for item in collect(two_labs, "tiny", export(files))}
    assert {item.student for item in found.values()} == {"Ada", ""}
    assert found["Copy of tiny.ipynb"].status == "skipped"
    assert [*handed_in(two_labs)] == ["Ada/tiny/tiny.ipynb"]
