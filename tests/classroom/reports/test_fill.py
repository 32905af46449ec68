"""Grades in the files that learning platforms themselves exported."""

import codecs
import os
import stat

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from classroom.reports import fill as fill_module
from classroom.reports.fill import Grades, fill, fill_table
from classroom.results.class_results import Result, Results
from classroom.sheets.people import Known

LABS = ["balancing", "fusion"]


def make_grades(totals, known=None, lab="multitask", title="Lab: multi-task learning", points=25):
    """The `Grades` of students: of each the total, None for an answer that a person has to read."""
    students = [
        Result(student, "", "", {"q": total}, total or 0.0, 0.0, None)
        for student, total in totals.items()
    ]
    results = Results({"q": ["q"]}, {"q": points}, students)
    known = known or [Known(student, "") for student in totals]
    return Grades(lab, [lab, title], LABS, results, known)


GERMAN = (
    "ID,Vollständiger Name,ID-Nummer,E-Mail-Adresse,Status,Bewertung,Bestwertung,"
    "Bewertung kann geändert werden,Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),"
    "Feedback als Kommentar\n"
    'Teilnehmer/in1234567,"Berg, Åsa",12345678,K1@uni.example,Zur Bewertung abgegeben,"13,50",'
    '"25,00",Ja,"Mittwoch, 13. März 2024, 10:15","Mittwoch, 13. März 2024, 19:59",\n'
    "Teilnehmer/in7654321,Kim Lee,87654321,K2@uni.example,Zur Bewertung abgegeben,,"
    '"25,00",Ja,"Mittwoch, 13. März 2024, 15:10",-,"a ""b"", c"\n'
    "Teilnehmer/in7,Nie Da,1,K3@uni.example,Keine Abgabe,,"
    '"25,00",Ja,-,-,\n'
)
FRENCH = (
    "Prénom;Nom de famille;Numéro d’identification;Adresse de courriel;"
    "Devoir : fusion (Brut);Devoir : multitask (Brut);Devoir : multitask (Pourcentage);"
    "Total du cours (Brut);Dernier téléchargement depuis ce cours\r\n"
    "Åsa;Berg;4711;asa@univ.example;24,00;-;-;24,00;1700000000\r\n"
    "Kim;Lee;4712;kim@univ.example;20,00;-;-;20,00;1700000000\r\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,fusion (901),multitask (902),"
    "Labs Current Score,Final Score\n"
    ",,,,,Manual Posting,,,\n"
    '"    Points Possible",,,,,25.00,25.00,(read only),(read only)\n'
    '"Berg, Åsa",77,S-1,asa,Sec 1,24.00,,96.00,96.00\n'
    '"Lee, Kim",78,S-2,kim,Sec 1,20.00,EX,80.00,80.00\n'
    '"Nie, Da",79,S-3,nie,Sec 1,,3.00,,\n'
    '"Student, Test",80,,f00ba4,Sec 1,,,,\n'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
    '"fusion [Total Pts: 25 Score] |101"\t"multitask [Total Pts: 25 Score] |102"\r\n'
    '"Berg"\t"Åsa"\t"asa"\t"4711"\t"2026-01-01"\t"Yes"\t"24"\t"Needs Grading"\r\n'
    '"Lee"\t"Kim"\t"kim"\t"4712"\t"2026-01-01"\t"Yes"\t"20"\t""\r\n'
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Email,"
    "fusion Points Grade <Numeric MaxPoints:25 Weight:10>,"
    "multitask Points Grade <Numeric MaxPoints:25 Weight:10>,End-of-Line Indicator\r\n"
    "#4711,#asa,Berg,Åsa,asa@x.example,24,,#\r\n#4712,#kim,Lee,Kim,kim@x.example,20,,#\r\n"
)


def fill_text(grades, text, encoding="utf-8", name="x.csv", column=None, mark=b""):
    """Fills a table and returns its text and the `Filled`."""
    filled = fill_table(grades, mark + text.encode(encoding), name, column)
    assert filled.content.startswith(mark)
    return filled.content[len(mark) :].decode(encoding), filled


def test_moodles_german_worksheet():
    grades = make_grades({"1234567": 21.5, "7654321": None, "42": 3})
    text, filled = fill_text(grades, GERMAN, mark=codecs.BOM_UTF8)
    assert text == GERMAN.replace('"13,50"', '"21,5"')
    assert filled.heading == "Bewertung"
    assert filled.changed == [
        "line 2: Berg, Åsa, Teilnehmer/in1234567, 12345678, K1@uni.example: 13,50 → 21.5"
    ]
    assert [line.partition(": an answer")[1] != "" for line in filled.kept] == [True]
    assert filled.unknown == ["line 4: Nie Da, Teilnehmer/in7, 1, K3@uni.example"]
    assert filled.missing == ["42"]
    assert filled.warnings == filled.by_name == filled.unclear == []


def test_moodles_french_gradebook_matches_by_address_and_name():
    known = [Known("123", "Åsa Berg", ("ASA@univ.example",)), Known("124", "Kim Lee")]
    text, filled = fill_text(make_grades({"123": 21.5, "124": 7}, known), FRENCH, "cp1252")
    expected = FRENCH.replace("24,00;-;", "24,00;21,5;").replace("20,00;-;", "20,00;7;")
    assert text == expected
    assert filled.by_name == ["line 3: Kim Lee, 4712, kim@univ.example"]


def test_canvas_keeps_what_is_excused_and_what_is_not_ours():
    text, filled = fill_text(make_grades({"77": 21.25, "kim": 9}), CANVAS)
    assert text == CANVAS.replace("24.00,,96", "24.00,21.25,96")
    assert filled.kept == ["line 5: Lee, Kim, 78, S-2, kim: the platform says EX"]
    assert filled.unknown == ["line 6: Nie, Da, 79, S-3, nie"]


@pytest.mark.parametrize("student", ["S-1", "asa", "77"])
def test_canvas_finds_people_by_each_of_its_identifiers(student):
    text, _ = fill_text(make_grades({student: 1}), CANVAS)
    assert text == CANVAS.replace("24.00,,96", "24.00,1,96")


def test_blackboard_in_utf_16_with_tabs():
    grades = make_grades({"asa": 21.5, "4712": 25})
    text, _ = fill_text(grades, BLACKBOARD, "utf-16-le", "gc.xls", mark=codecs.BOM_UTF16_LE)
    expected = BLACKBOARD.replace('"Needs Grading"', '"21.5"').replace('"20"\t""', '"20"\t"25"')
    assert text == expected


def test_brightspace():
    text, filled = fill_text(make_grades({"4711": 21.5, "kim": 20}), BRIGHTSPACE)
    assert text == BRIGHTSPACE.replace("24,,#", "24,21.5,#").replace("20,,#", "20,20,#")
    assert filled.heading.startswith("multitask Points Grade")


def test_a_worksheet_in_an_unknown_language_is_known_by_its_form():
    text = (
        "Kennimerki,Nafn,Staða,Einkunn,Hæsta,Breyta\n"
        'Þátttakandi 12,Ada,x,,"25,00",Já\nÞátttakandi 13,Kim,x,"3,00","25,00",Já\n'
    )
    filled, _ = fill_text(make_grades({"12": 21.5, "13": 3}), text)
    assert filled == text.replace("Ada,x,,", 'Ada,x,"21,5",')


@pytest.mark.parametrize(
    ("heading", "lab", "title"),
    [
        ("multitask", "multitask", ""),
        ("Multitask (4711)", "multitask", ""),
        ("Lab 3: Multi-task learning (4711)", "multitask", "Lab: multi-task learning"),
        ("Aufgabe: Multitask (Punkte)", "multitask", ""),
        ("Aufgabe:\u00a0Übung 4 multitask (Punkte)", "multitask", ""),
        ("Devoir&nbsp;: TP 2 multitask (Brut)", "multitask", ""),
        ("Sarcină de lucru: multitask (Real)", "multitask", ""),
        ("Assignment: multitask", "multitask", ""),
        ("multitask [Total Pts: up to 25 Score] |4", "multitask", ""),
        ("Lab 1 (4711)", "lab1", ""),
        ("ps1 Points Grade <Numeric MaxPoints:25>", "ps1", ""),
    ],
)
def test_headings_that_name_the_lab(heading, lab, title):
    text = f"Student,ID,Section,{heading},Assignment 1 (5),Quiz 1 (7)\nAda,7,,,1,1\n"
    grades = make_grades({"7": 21.5}, lab=lab, title=title or lab)
    filled, _ = fill_text(grades, text)
    assert filled == text.replace("Ada,7,,,", "Ada,7,,21.5,")


@pytest.mark.parametrize(
    "headings",
    [
        ["Quiz: multitask (Real)"],
        ["Late multitask resit (4)"],
        ["multitask (resit)"],
        ["multitask 2"],
        ["fusion (901)"],
        ["multitask Text Grade"],
        ["multitask [Total Pts: 0 Text] |9"],
        ["Aufgabe: multitask (Prozentsatz)"],
        ["Lab: multitask", "Assignment: multitask"],
        ["Email address", "Other (4)"],
    ],
)
def test_no_other_column_is_taken_for_the_labs(headings):
    text = f"Name,ID,{','.join(headings)}\nAda,7,{','.join('5' for _ in headings)}\n"
    with pytest.raises(ValueError, match=r"--column with one of .*" + headings[0][:5]):
        fill_text(make_grades({"7": 21.5}), text)
    if len(headings) == 1:
        filled, _ = fill_text(make_grades({"7": 21.5}), text, column=headings[0].upper())
        assert filled == text.replace("7,5", "7,21.5")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("Student", "holds no grades"),
        ("Section", "holds 'Sec 1' in line 4"),
        ("Final Score", "does not read the column 'Final Score'"),
        ("nothing", "No columns are called 'nothing'"),
    ],
)
def test_a_column_that_holds_no_points_is_refused(column, words):
    with pytest.raises(ValueError, match=words):
        fill_text(make_grades({"77": 1}), CANVAS, column=column)


def test_a_scale_is_no_column_of_points():
    text = 'Identifier,Grade,Scale,Status\nParticipant 7,,"Poor\nGood",x\n'
    with pytest.raises(ValueError, match="words of a scale"):
        fill_text(make_grades({"7": 1}), text, column="Grade")


def test_a_worksheet_of_another_lab_is_refused_by_its_name():
    grades = make_grades({"1234567": 21.5})
    with pytest.raises(ValueError, match="seems to be of the lab fusion, not of multitask"):
        fill_text(grades, GERMAN, name="Bewertungen-ML-fusion-4711.csv")
    fill_text(grades, GERMAN, name="Bewertungen-ML-multitask-fusion-4711.csv")
    fill_text(grades, GERMAN, name="Bewertungen-ML-fusion-4711.csv", column="Bewertung")


def test_other_points_on_the_platform_are_told():
    _, filled = fill_text(make_grades({"77": 1}, points=22), CANVAS)
    assert "25 points at most, and the lab is worth 22" in filled.warnings[0]


def test_whose_a_row_is_must_be_clear():
    known = [
        Known("1", "Ada Berg"),
        Known("2", "Kim Lee"),
        Known("3", "Kim Lee"),
        Known("4", "Jo Doe", ("jo@x",)),
        Known("5", "Eve Roe"),
        Known("6", "Max Moe"),
    ]
    text = (
        "Name,ID,Email address,multitask\n"
        "Bob Kern,1,a@x,\n"  # Ada's number, another name
        "Kim Lee,,b@x,\n"  # one of two
        "Jo Doe,,other@x,\n"  # another address
        "Eve Roe,5,c@x,\nEve Roe,5,d@x,\n"  # twice
        "Max Moe,6,e@x,\n"
        "Max Moe,6,e@x\n"  # a cell too few
    )
    filled, told = fill_text(make_grades({str(n): 9 for n in range(1, 7)}, known), text)
    assert filled == text.replace("Max Moe,6,e@x,\n", "Max Moe,6,e@x,9\n")
    reasons = dict(line.split(": ", 2)[::2] for line in told.unclear)
    assert reasons == {
        "line 2": "the identifier is that of 1, who is Ada Berg",
        "line 3": "several people have this name; no identifier is known",
        "line 4": "it has the name of 4, but other@x is another",
        "line 5": "2 rows are 5's",
        "line 6": "2 rows are 5's",
        "line 8": "it has 3 cells, and the first row 4",
    }
    assert told.missing == ["1", "2", "3", "4", "5"]


def test_the_name_decides_between_two_identifiers():
    known = [Known("1001", "Ada Berg"), Known("2002", "Kim Lee")]
    text = CANVAS.replace('"Lee, Kim",78,S-2,kim,Sec 1,20.00,EX', '"Lee, Kim",2002,1001,k,S,2,')
    filled, told = fill_text(make_grades({"1001": 1, "2002": 2}, known), text)
    assert filled == text.replace("k,S,2,,", "k,S,2,2,")
    assert told.missing == ["1001"]


def test_names_match_however_they_are_written():
    known = [
        Known("u1", "Ju\u0308rgen Groß"),
        Known("Anna-Maria-Berg", ""),
        Known("u3", "lovelaceada", ("77",)),
    ]
    text = (
        "Student,ID,SIS Login ID,Section,multitask (9)\n"
        '"GROß, Jürgen",1,a,,\n"Berg, Anna Maria",2,b,,\n"Lovelace, Ada",77,c,,\n'
    )
    filled, told = fill_text(make_grades({"u1": 1, "Anna-Maria-Berg": 2, "u3": 3}, known), text)
    assert filled == text.replace("a,,", "a,,1").replace("b,,", "b,,2").replace("c,,", "c,,3")
    assert len(told.by_name) == 2


def test_nobody_known_is_an_error():
    with pytest.raises(ValueError, match=r"names nobody .* line 4: Berg, Åsa, 77, .* is zoe"):
        fill_text(make_grades({"zoe": 1}), CANVAS)


@pytest.fixture
def graded(lab):
    """Three students: two with all their points, and one whose answer a person has to read."""
    with lab.gradebook("tiny") as gradebook:
        for student, (check, why) in {"1001": (2, 1), "1002": (0.25, 0), "1003": (2, None)}.items():
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission("tiny", student)
            for cell, score in {"double-tests": 1, "double-check": check, "why": why}.items():
                gradebook.find_grade(cell, "tiny", "tiny", student).auto_score = score
        gradebook.db.commit()
    return lab


@pytest.fixture
def exported(tmp_path):
    """A platform's file for them."""
    path = tmp_path / "grades.csv"
    path.write_bytes(b"Username;tiny\r\n1001;\r\n1003;2,0\r\nzoe;\r\n")
    path.chmod(0o640)
    return path


def test_the_file_is_written_beside_the_other_one(graded, exported):
    before = exported.read_bytes()
    filled = fill(graded, "tiny", exported)
    assert filled.path == exported.with_name("grades-tiny-graded.csv")
    expected = b"Username;tiny\r\n1001;4\r\n1003;2,0\r\nzoe;\r\n"
    assert filled.path.read_bytes() == expected
    assert exported.read_bytes() == before
    assert stat.S_IMODE(filled.path.stat().st_mode) == 0o640
    assert filled.missing == ["1002"]
    assert filled.kept == ["line 3: 1003: an answer waits for a person; its cell holds 2,0"]
    assert fill(graded, "tiny", exported, exported).path == exported
    assert exported.read_bytes() == expected


def test_a_file_is_written_whole_or_not_at_all(graded, exported, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    before = sorted(exported.parent.iterdir()), exported.read_bytes()
    monkeypatch.setattr(fill_module.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        fill(graded, "tiny", exported, exported)
    assert (sorted(exported.parent.iterdir()), exported.read_bytes()) == before


def test_a_missing_file_is_named(graded, tmp_path):
    with pytest.raises(ValueError, match=rf"{os.sep}no.csv cannot be read: No such file"):
        fill(graded, "tiny", tmp_path / "no.csv")


NAMES = ["Anna", "Åsa", "Jürgen", "Kim", "Lee", "O'Neil", "Groß", "Müller-Lüd", "Ömer", "Zoë"]
FORMS = {
    "moodle": (
        GERMAN.split("\n")[0],
        'Teilnehmer/in{n},"{l}, {f}",9{n},m{n}@x,"a ""b""",{g},"25,00",Ja,-,-,',
    ),
    "canvas": (CANVAS.split("\n")[0], '"{l}, {f}",{n},S{n},u{n},A,1.00,{g},2.00,(x)'),
    "blackboard": (
        BLACKBOARD.split("\r\n")[0],
        '"{l}"\t"{f}"\t"u{n}"\t"9{n}"\t""\t"Yes"\t"3"\t"{g}"',
    ),
    "brightspace": (BRIGHTSPACE.split("\r\n")[0], "#9{n},#u{n},{l},{f},m{n}@x,1,{g},#"),
}
PERSON = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans(), st.booleans())


@settings(max_examples=120, deadline=None)
@given(
    form=st.sampled_from(sorted(FORMS)),
    people=st.lists(PERSON, min_size=1, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    order=st.randoms(),
)
def test_everybody_gets_their_own_grade_and_nothing_else_changes(
    form, people, end, encoding, order
):
    """Of a class with namesakes, some have handed in, and some who did are not in the file."""
    header, line = FORMS[form]
    key = {"moodle": "{}", "canvas": "{}", "blackboard": "u{}", "brightspace": "9{}"}[form]
    numbers = range(1000, 1000 + len(people))
    handed_in = {n for n, (_, _, did, _) in zip(numbers, people) if did}
    assume(handed_in)
    there = [n for n, (_, _, did, is_there) in zip(numbers, people) if is_there or not did]
    order.shuffle(there)
    names = {n: (first, last) for n, (first, last, _, _) in zip(numbers, people)}
    known = [Known(key.format(n), " ".join(names[n])) for n in sorted(handed_in)]
    grades = make_grades({key.format(n): n - 999.5 for n in sorted(handed_in)}, known)

    def compose(totals):
        lines = [line.format(n=n, f=names[n][0], l=names[n][1], g=totals.get(n, "")) for n in there]
        return end.join([header, *lines, ""]).encode(encoding)

    comma = form == "moodle"
    totals = {n: f'"{n - 1000},5"' if comma else f"{n - 999.5}" for n in handed_in & set(there)}
    assume(totals)  # else only names could tell who is who
    filled = fill_table(grades, compose({}), "x.csv")
    assert filled.content == compose(totals)
    assert filled.grades == len(totals)
    assert len(filled.missing) == len(handed_in) - len(totals)
    assert len(filled.unknown + filled.unclear) == len(there) - len(totals)
    assert fill_table(grades, filled.content, "x.csv").content == filled.content
