"""The class: read from an instructor's table or a platform's gradebook, and compared."""

import shutil

import pytest

from classroom.collecting.collect import collect
from classroom.collecting.roster import import_roster, read_roster

PLAIN = "student,name\nada,Ada Lovelace\nbob,Bob Berg\n"
MOODLE_EN = (
    "First name,Last name,ID number,Institution,Department,Email address,Course total (Real)\n"
    "Ada,Lovelace,,,,ada@uni.example,1.00\nBob,Berg,,,,bob@uni.example,-\n"
)
MOODLE_DE = (
    "Vorname;Nachname;ID-Nummer;E-Mail-Adresse\n"
    "Ada;Lovelace;77;ada@uni.example\nJürgen;Berg;78;bob@uni.example\n"
)
MOODLE_FR = (
    "Prénom,Nom de famille,Numéro d’identification,Adresse de courriel\n"
    "Ada,Lovelace,77,ada@uni.example\nBob,Berg,78,bob@uni.example\n"
)
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade\n"
    'Participant 101,Ada Lovelace,ada@uni.example,,\nParticipant 102,"Bob Berg",b@x.y,,\n'
)
BLIND = "ID,Status,Bewertung\nTeilnehmer/in 101,,\nTeilnehmer/in 102,,\n"
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n"
    "#77,#ada,Lovelace,Ada,#\n#78,#bob,Berg,Bob,#\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,tiny (9)\n"
    "    Points Possible,,,,,4\n"
    '"Lovelace, Ada",101,s1,ada,A,\n"Berg, Bob",102,s2,bob,A,\n"Student, Test",103,,x,A,\n'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n'
    '"Lovelace"\t"Ada"\t"alove"\t"77"\n"Berg"\t"Jörg"\t"jberg"\t"78"\n'
)


@pytest.fixture
def roster(two_labs, tmp_path):
    """Function that imports a roster."""

    def imports(text, encoding="utf-8"):
        (tmp_path / "students.csv").write_bytes(text.encode(encoding))
        return import_roster(two_labs, tmp_path / "students.csv")

    return imports


@pytest.mark.parametrize(
    ("text", "encoding", "students", "name"),
    [
        (PLAIN, "utf-8", ["ada", "bob"], "Bob Berg"),
        (PLAIN, "utf-8-sig", ["ada", "bob"], "Bob Berg"),
        (MOODLE_EN, "utf-8", ["ada@uni.example", "bob@uni.example"], "Bob Berg"),
        (MOODLE_DE, "utf-8-sig", ["77", "78"], "Jürgen Berg"),
        (MOODLE_DE, "cp1252", ["77", "78"], "Jürgen Berg"),
        (MOODLE_FR, "utf-8", ["77", "78"], "Bob Berg"),
        (WORKSHEET, "utf-8", ["ada@uni.example", "b@x.y"], "Bob Berg"),
        (BLIND, "utf-8", ["101", "102"], ""),
        (BRIGHTSPACE, "utf-8", ["ada", "bob"], "Bob Berg"),
        (CANVAS.replace("Student,ID", "Étudiant,ID"), "utf-8", ["101", "102"], "Bob Berg"),
        ("ID;Name;Section\na;Ada Lovelace;1\nb;Bob Berg;1\n", "utf-8", ["a", "b"], "Bob Berg"),
        (CANVAS, "utf-8-sig", ["101", "102"], "Bob Berg"),
        (BLACKBOARD, "utf-16", ["alove", "jberg"], "Jörg Berg"),
        ("Name\nAda Lovelace\nBob Berg\n", "utf-8", ["Ada-Lovelace", "Bob-Berg"], "Bob Berg"),
    ],
)
def test_tables_of_platforms(two_labs, roster, text, encoding, students, name):
    roster(text, encoding)
    found = read_roster(two_labs)
    assert [student.student for student in found] == students
    assert [student.name for student in found] == ["Ada Lovelace" if name else "", name]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no students"),
        ("colour,size\nred,1\n", "names no students"),
        ("student,name\n", "nothing below its header"),
        ("Name\nAda Berg\nAda Berg\n", "Ada Berg has the same identifier as Ada Berg"),
        ("Name\n***\n", "has no usable one"),
    ],
)
def test_a_table_that_is_no_good_is_explained(roster, text, message):
    with pytest.raises(ValueError, match=message):
        roster(text)


def test_a_roster_that_cannot_be_read_is_explained(two_labs, tmp_path):
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        import_roster(two_labs, tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "file", "student"),
    [
        (PLAIN, "Ada Lovelace_9_assignsubmission_file_/t.ipynb", "ada"),
        (PLAIN, "Lovelace, Ada_9_assignsubmission_file_/t.ipynb", "ada"),
        (PLAIN, "Gruppe 3-Ada Lovelace_9_assignsubmission_file_/t.ipynb", "ada"),
        (PLAIN, "lovelaceada_9_55_t.ipynb", "ada"),
        (PLAIN, "ada/t.ipynb", "ada"),
        (PLAIN, "ADA/t.ipynb", "ada"),
        (PLAIN, "Ada Lovelace - tiny.ipynb", "ada"),
        (PLAIN, "Lovelace_Ada/t.ipynb", "ada"),
        (PLAIN, "Lab_ada_attempt_2026-03-01-12-00-00_t.ipynb", "ada"),
        (PLAIN, "1-2 - Ada Lovelace - Mar 1, 2026 1000 AM/t.ipynb", "ada"),
        (MOODLE_EN, "ada/t.ipynb", "ada@uni.example"),
        (WORKSHEET, "Participant_101_assignsubmission_file_/t.ipynb", "ada@uni.example"),
        (BLIND, "Teilnehmer_101_assignsubmission_file_/t.ipynb", "101"),
        (CANVAS, "lovelaceada_101_55_t.ipynb", "101"),
        (CANVAS, "changedname_101_55_t.ipynb", "101"),
        (BLACKBOARD, "Lab_alove_attempt_2026-03-01-12-00-00_t.ipynb", "alove"),
    ],
)
def test_students_get_the_rosters_identifier(
    two_labs, roster, export, handed_in, text, file, student
):
    roster(text, "utf-16" if text is BLACKBOARD else "utf-8")
    collect(two_labs, "tiny", export({file: "work"}))
    assert [path for path in handed_in(two_labs) if path.endswith("b")] == [
        f"{student}/tiny/tiny.ipynb"
    ]


@pytest.mark.parametrize(
    ("text", "file", "reason"),
    [
        (PLAIN, "Eve_9_assignsubmission_file_/t.ipynb", "Eve is not in the roster"),
        (PLAIN, "eve/t.ipynb", "eve is not in the roster"),
        (PLAIN, "eve_101_55_t.ipynb", "eve is not in the roster"),
        (PLAIN.replace("ada", "101"), "eve_101_55_t.ipynb", "eve is not in the roster"),
        (PLAIN.replace("ada", "101"), "101-2 - Eve - Mar 1, 2026 1000 AM/t.ipynb", "Eve is not"),
        (
            PLAIN + "eve,Bob Berg\n",
            "Bob Berg_9_assignsubmission_file_/t.ipynb",
            "the roster has several",
        ),
        (WORKSHEET, "Bob Berg_101_assignsubmission_file_/t.ipynb", "by the roster, 101 is Ada"),
    ],
)
def test_whoever_is_not_clearly_of_the_class_is_held(
    two_labs, roster, export, handed_in, text, file, reason
):
    roster(text)
    for status in ("held", "held"):
        (item,) = collect(two_labs, "tiny", export({file: "work"}))
        assert (item.status, item.reason[: len(reason)]) == (status, reason)
    (held,) = [path for path in (two_labs.labs / "held").rglob("*") if path.is_file()]
    assert held.read_text() == "work"
    assert held.relative_to(two_labs.labs).as_posix() in item.reason
    assert not handed_in(two_labs)


def test_all_copies_of_a_stranger_s_are_held(two_labs, roster, export):
    roster(PLAIN)
    inside = {"t.ipynb": "1", "t (2).ipynb": "2", "old/t.ipynb": "3"}
    place = "Eve_9_assignsubmission_file_/"
    items = collect(two_labs, "tiny", export({place + name: inside[name] for name in inside}))
    assert [item.status for item in items] == ["held"] * 3
    held = [path for path in (two_labs.labs / "held").rglob("*") if path.is_file()]
    assert sorted(path.read_text() for path in held) == ["1", "2", "3"]


def test_what_was_held_is_collected_when_the_roster_knows_the_student(
    two_labs, roster, export, handed_in
):
    roster(PLAIN)
    path = export({"Eve_9_assignsubmission_file_/t.ipynb": "work"})
    collect(two_labs, "tiny", path)
    roster(PLAIN + "eve,Eve\n")
    collect(two_labs, "tiny", path)
    assert handed_in(two_labs) == {"eve/tiny/tiny.ipynb": "work"}
    assert not [path for path in (two_labs.labs / "held").rglob("*") if path.is_file()]


def test_one_student_has_one_place_though_moodle_numbers_every_lab_anew(
    two_labs, roster, export, handed_in
):
    roster(PLAIN)
    collect(two_labs, "tiny", export({"Ada Lovelace_9_assignsubmission_file_/t.ipynb": "1"}))
    collect(two_labs, "other", export({"Ada Lovelace_12_assignsubmission_file_/t.ipynb": "2"}))
    assert handed_in(two_labs) == {"ada/tiny/tiny.ipynb": "1", "ada/other/other.ipynb": "2"}


def test_a_roster_that_comes_late_doubles_nobody(two_labs, roster, export, handed_in):
    path = export({"Ada Lovelace_9_assignsubmission_file_/t.ipynb": "work"})
    collect(two_labs, "tiny", path)
    roster(PLAIN)
    (item,) = collect(two_labs, "tiny", path)
    assert item.reason.startswith("it was collected as 9 before the roster knew ada: delete")
    assert handed_in(two_labs).keys() == {"9/tiny/tiny.ipynb"}
    shutil.rmtree(two_labs.labs / "submitted/9/tiny")
    collect(two_labs, "tiny", path)
    assert handed_in(two_labs).keys() == {"ada/tiny/tiny.ipynb"}


def test_a_roster_tells_names_apart_that_make_one_identifier(two_labs, roster, export, handed_in):
    roster("student,name\na1,Anna Maria\na2,Anna-Maria\n")
    collect(two_labs, "tiny", export({"Anna Maria/t.ipynb": "1", "Anna-Maria/t.ipynb": "2"}))
    assert handed_in(two_labs) == {"a1/tiny/tiny.ipynb": "1", "a2/tiny/tiny.ipynb": "2"}


def test_two_hand_ins_of_one_name_are_not_one_students(two_labs, roster, export, handed_in):
    roster(PLAIN)
    files = {f"Ada Lovelace_{n}_assignsubmission_file_/t.ipynb": str(n) for n in (9, 10)}
    found = collect(two_labs, "tiny", export(files))
    assert all("several students would have the identifier ada" in f.reason for f in found)
    assert not handed_in(two_labs)


def test_anonymous_work_is_collected_without_the_roster(two_labs, roster, export, handed_in):
    roster(PLAIN)
    files = {"Participant_5_assignsubmission_file_/t.ipynb": "1", "anon_a1_55_t.ipynb": "2"}
    collect(two_labs, "tiny", export(files))
    assert handed_in(two_labs).keys() == {"5/tiny/tiny.ipynb", "anon_a1/tiny/tiny.ipynb"}


def test_the_gradebook_gets_the_rosters_names(two_labs, roster):
    roster(CANVAS.replace("Lovelace, Ada", "Lovelace, Ada King"))
    with two_labs.gradebook("tiny") as gradebook:
        student = gradebook.find_student("101")
        assert (student.first_name, student.last_name) == ("Ada King", "Lovelace")
        assert student.lms_user_id == "101"
