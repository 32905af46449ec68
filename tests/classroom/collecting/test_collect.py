import errno
import itertools
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from rich.table import Table

from classroom import cli
from classroom.collecting import collect as collecting
from classroom.collecting.archives import LONGEST_PATH
from classroom.collecting.collect import collect

DATE = (2026, 3, 1, 12, 0, 0)
MOODLE = "Ada Lovelace_101_assignsubmission_file_"
EVE = "Eve_666_assignsubmission_file_"


@pytest.fixture
def archive(tmp_path):
    """Function that writes an archive with the given files and returns its path."""

    def write(files, date=DATE, name="export.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as opened:
            for file, content in files.items():
                info = zipfile.ZipInfo(file, date)
                info.filename = file  # with what follows a NUL
                opened.writestr(info, content, zipfile.ZIP_DEFLATED)
        return tmp_path / name

    return write


def submitted(lab):
    """Dictionary from students to what they handed in."""
    folder = lab.labs / "submitted"
    return {path.parts[-3]: path.read_text() for path in sorted(folder.glob("*/tiny/tiny.ipynb"))}


@pytest.mark.parametrize(
    ("layout", "students"),
    [
        (["ada/tiny.ipynb", "bob/tiny.ipynb"], ["ada", "bob"]),
        (["class/ada/tiny.ipynb", "class/bob/tiny (1).ipynb"], ["ada", "bob"]),
        (["ada.ipynb", "bob_tiny.ipynb"], ["ada", "bob"]),
        (
            [
                "Ada Lovelace_101_assignsubmission_file_/tiny.ipynb",
                "Grace Hopper_102_assignsubmission_file_/my tiny.ipynb",
            ],
            ["101", "102"],
        ),
        (["Ada Lovelace_101_assignsubmission_file_tiny.ipynb"], ["101"]),
        (["Ada Lovelace_101_assignsubmission_file/tiny.ipynb"], ["101"]),
        (["Ada Lovelace_101_assignsubmission_file_/my work/old/tiny.ipynb"], ["101"]),
        (["ada/tiny.ipynb", "ada/old/scratch.ipynb", "ada/old/notes.txt"], ["ada"]),
        (["./ada/tiny.ipynb", "./bob/tiny.ipynb"], ["ada", "bob"]),
        (
            ["lovelaceada_101_5501_tiny-1.ipynb", "hoppergrace_LATE_102_5502_tiny.ipynb"],
            ["101", "102"],
        ),
        (["ada/mine/tiny.ipynb", "bob/tiny.ipynb"], ["ada", "bob"]),
        (["José Ñandú/tiny.ipynb", "bob/tiny.ipynb"], ["José-Ñandú", "bob"]),
    ],
)
def test_layouts_of_learning_platforms(lab, archive, layout, students):
    collected = collect(lab, "tiny", archive(dict.fromkeys(layout, "work")))
    assert {item.status for item in collected if item.student} <= {"new", "skipped"}
    assert sorted(submitted(lab)) == sorted(students)


def test_names_reach_the_gradebook(lab, archive):
    collect(
        lab, "tiny", archive({"Ada King Lovelace_101_assignsubmission_file_/tiny.ipynb": "work"})
    )
    with lab.gradebook("tiny") as gradebook:
        student = gradebook.find_student("101")
        assert (student.first_name, student.last_name) == ("Ada King", "Lovelace")


def test_the_time_of_handing_in_is_the_platforms(lab, archive):
    collect(lab, "tiny", archive({"tiny_ada_attempt_2025-12-24-12-00-00_tiny.ipynb": "work"}))
    stamp = lab.directory("tiny").get_existing_timestamp(str(lab.labs / "submitted/ada/tiny"))
    assert (stamp.year, stamp.month) == (2025, 12)


def test_the_archives_own_date_is_no_time_of_handing_in(lab, archive):
    (item,) = collect(lab, "tiny", archive({"ada/tiny.ipynb": "work"}))
    assert item.handed_in == "not said (the archive)"
    assert not (lab.labs / "submitted/ada/tiny/timestamp.txt").exists()


def test_newer_work_replaces_older_and_not_the_other_way_round(lab, archive):
    later = (2026, 3, 2, 12, 0, 0)
    for date, content, status in [
        (DATE, "first", "new"),
        (DATE, "first", "unchanged"),
        (later, "second", "replaced"),
        (DATE, "first", "kept newer"),
    ]:
        (item,) = collect(lab, "tiny", archive({"ada/tiny.ipynb": content}, date))
        assert item.status == status
    assert submitted(lab) == {"ada": "second"}


def test_of_several_notebooks_the_labs_own_is_taken(lab, archive):
    files = {"ada/tiny.ipynb": "work", "ada/scratch.ipynb": "notes", "bob/tiny.ipynb": "work"}
    skipped = [item for item in collect(lab, "tiny", archive(files)) if item.status == "skipped"]
    assert [(item.file, item.reason) for item in skipped] == [
        ("ada/scratch.ipynb", "ada/tiny.ipynb was taken")
    ]
    assert submitted(lab) == {"ada": "work", "bob": "work"}


def test_what_is_not_taken_is_named(lab, archive):
    files = {
        "ada/tiny.ipynb": "work",
        "bob/tiny.pdf": "a print-out",
        "cy/one.ipynb": "1",
        "cy/two.ipynb": "2",
    }
    found = {item.file: item for item in collect(lab, "tiny", archive(files))}
    pdf = found["bob/tiny.pdf"]
    assert (pdf.student, pdf.reason) == ("bob", "a .pdf file is no notebook")
    assert found["cy/one.ipynb"].reason == "several notebooks, none called tiny.ipynb"
    assert submitted(lab) == {"ada": "work"}


def test_clutter_is_passed_over(lab, archive):
    files = {
        "ada/tiny.ipynb": "work",
        "__MACOSX/ada/._tiny.ipynb": "",
        "ada/.ipynb_checkpoints/tiny-checkpoint.ipynb": "old",
        "bob/tiny.ipynb": "work",
    }
    assert len(collect(lab, "tiny", archive(files))) == 2


def test_names_that_point_elsewhere_stay_inside(lab, archive, tmp_path):
    files = {"../../evil/tiny.ipynb": "1", "/etc/tiny.ipynb": "2", "a*[x]/tiny.ipynb": "3"}
    before = {path for path in tmp_path.rglob("*") if lab.root not in path.parents}
    collect(lab, "tiny", archive(files))
    after = {path for path in tmp_path.rglob("*") if lab.root not in path.parents}
    assert after - before == {tmp_path / "export.zip"}
    assert all(student.replace("-", "").isalnum() for student in submitted(lab))


def test_a_file_that_is_too_large_is_skipped_before_it_is_unpacked(lab, archive, monkeypatch):
    monkeypatch.setattr("classroom.collecting.collect.LARGEST_FILE", 10_000_000)
    path = archive({"ada/tiny.ipynb": bytes(20_000_000), "bob/tiny.ipynb": "work"})
    assert path.stat().st_size < 100_000
    found = {item.student: item for item in collect(lab, "tiny", path)}
    assert found["ada"].reason == "20 MB, allowed are 10 MB"
    assert submitted(lab) == {"bob": "work"}


def test_a_damaged_member_is_skipped(lab, archive):
    path = archive({"ada/tiny.ipynb": "work " * 1000, "bob/tiny.ipynb": "work"})
    content = bytearray(path.read_bytes())
    content[60:70] = bytes(10)
    path.write_bytes(content)
    found = {item.student: item for item in collect(lab, "tiny", path)}
    assert "cannot be unpacked" in found["ada"].reason
    assert submitted(lab) == {"bob": "work"}


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), (b"no zip", "is no zip archive"), (b"", "is no zip archive")],
)
def test_a_bad_archive_is_explained(lab, tmp_path, content, message):
    path = tmp_path / "export.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        collect(lab, "tiny", path)
    assert not submitted(lab)


def test_an_archive_without_notebooks_is_explained(lab, archive):
    with pytest.raises(ValueError, match="holds no notebooks"):
        collect(lab, "tiny", archive({"ada/tiny.pdf": "a print-out"}))


@pytest.mark.parametrize(
    "hostile",
    [
        EVE + "multitask_101_assignsubmission_file_tiny.ipynb",
        EVE + "/multitask_101_assignsubmission_file_tiny.ipynb",
        EVE + "/Ada Lovelace_101_assignsubmission_file_/tiny.ipynb",
        EVE + "101_assignsubmission_file_tiny.ipynb",
        "Eve_666_assignsubmission_onlinetext_x_101_assignsubmission_file_tiny.ipynb",
        "Eve_666_assignsubmission_file/101_101_assignsubmission_file_tiny.ipynb",
        "eve_666_9001_x_101_assignsubmission_file_tiny.ipynb",
        "_666_9001_x_101_assignsubmission_file/tiny.ipynb",
        "Team of Eve_assignsubmission_file_x_101_assignsubmission_file_tiny.ipynb",
        "eve/x_101_assignsubmission_file_tiny.ipynb",
        EVE + "/../" + MOODLE + "/tiny.ipynb",
        "/" + MOODLE + "/tiny.ipynb",
        MOODLE + "\\tiny.ipynb",
        MOODLE + "/tiny.ipynb\0" + EVE,
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_nobody_writes_into_anothers_place(lab, archive, hostile, first):
    files = {MOODLE + "/tiny.ipynb": "Ada's", "Bob_102_assignsubmission_file_tiny.ipynb": "Bob's"}
    both = {hostile: "Eve's"} | files if first else files | {hostile: "Eve's"}
    collected = collect(lab, "tiny", archive(both, (2026, 4, 1, 0, 0, 0)))
    assert submitted(lab) == {"101": "Ada's", "102": "Bob's"}
    with lab.gradebook("tiny") as gradebook:
        names = {student.id: student.last_name for student in gradebook.students}
    assert names == {"101": "Lovelace", "102": "Bob"}
    assert [item.status for item in collected].count("skipped") == 1
    assert all(item.reason for item in collected if item.status == "skipped")


@pytest.mark.parametrize("hostile", ["eve/bob/tiny.ipynb", EVE + "/bob/tiny.ipynb"])
def test_a_student_who_is_alone_in_an_archive_writes_into_no_others_place(lab, archive, hostile):
    collect(lab, "tiny", archive({"bob/tiny.ipynb": "Bob's", "ada/tiny.ipynb": "Ada's"}))
    collect(lab, "tiny", archive({hostile: "Eve's"}, (2026, 4, 1, 0, 0, 0)))
    assert submitted(lab).items() >= {"bob": "Bob's", "ada": "Ada's"}.items()


def test_folders_of_a_student_who_is_known_are_no_students(lab, archive):
    collect(lab, "tiny", archive({"bob/tiny.ipynb": "Bob's", "eve/tiny.ipynb": "Eve's"}))
    files = {"eve/bob/tiny.ipynb": "Eve's second", "eve/ada/old.ipynb": "Eve's third"}
    collect(lab, "tiny", archive(files, (2026, 4, 1, 0, 0, 0)))
    assert submitted(lab) == {"bob": "Bob's", "eve": "Eve's second"}


@pytest.mark.parametrize("pair", [("a b", "a-b"), ("Ada", "ada"), ("(a)", "a"), ("a!b", "a?b")])
def test_two_students_of_one_identifier_are_both_skipped(lab, archive, pair):
    files = {f"{name}/tiny.ipynb": name for name in [*pair, "bob"]}
    skipped = [item for item in collect(lab, "tiny", archive(files)) if item.status == "skipped"]
    assert [item.file for item in skipped] == sorted(f"{name}/tiny.ipynb" for name in pair)
    assert all(name in item.reason for name in pair for item in skipped)
    assert submitted(lab) == {"bob": "bob"}


@pytest.mark.parametrize("stored", ["ada", "ada_tiny"])
def test_a_flat_class_hands_in_a_second_lab(lab, archive, stored):
    """A `.name` may be older, from when it held the name of the lab as well."""
    for source in shutil.copytree(lab.labs / "source/tiny", lab.labs / "source/other").iterdir():
        source.rename(source.with_name("other.ipynb"))
    collect(lab, "tiny", archive({"ada_tiny.ipynb": "first"}))
    name = lab.labs / "submitted/ada/.name"
    assert name.read_text() == "ada"
    name.write_text(stored)
    (item,) = collect(lab, "other", archive({"ada_other.ipynb": "second"}))
    assert (item.status, name.read_text()) == ("new", "ada")


def test_two_students_of_one_identifier_in_two_archives(lab, archive):
    collect(lab, "tiny", archive({"a b/tiny.ipynb": "first", "bob/tiny.ipynb": "work"}))
    later = (2026, 4, 1, 0, 0, 0)
    files = {"a-b/tiny.ipynb": "second", "bob/tiny.ipynb": "more"}
    found = {item.student: item for item in collect(lab, "tiny", archive(files, later))}
    assert "another student's identifier" in found["a-b"].reason
    assert submitted(lab) == {"a-b": "first", "bob": "more"}


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("a" * 300 + "/tiny.ipynb", "too long"),
        ("é" * 100 + "/tiny.ipynb", "too long"),
        ("../eve/tiny.ipynb", "leads out"),
        ("bob/../eve/tiny.ipynb", "leads out"),
        ("/eve/tiny.ipynb", "leads out"),
        ("C:/eve/tiny.ipynb", "leads out"),
        ("eve//tiny.ipynb", "leads out"),
        ("eve\\tiny.ipynb", "backslash"),
        ("eve/tiny.ipynb\0.txt", "NUL"),
        ("eve/\0/tiny.ipynb", "NUL"),
        ("CON/tiny.ipynb", "cannot be"),
        ("nul.txt/tiny.ipynb", "cannot be"),
        ("***/tiny.ipynb", "cannot be"),
        ("", "no notebook"),
    ],
)
def test_a_path_that_is_no_good_is_its_students_fault_alone(lab, archive, file, reason):
    path = archive({"ada/tiny.ipynb": "Ada's", file: "Eve's", "bob/tiny.ipynb": "Bob's"})
    (skipped,) = [item for item in collect(lab, "tiny", path) if item.status == "skipped"]
    assert reason in skipped.reason or not file
    assert submitted(lab) == {"ada": "Ada's", "bob": "Bob's"}


def test_many_nested_folders(lab, archive):
    nested = "eve/" + "a/" * 1200 + "tiny.ipynb"
    collected = collect(lab, "tiny", archive({"ada/tiny.ipynb": "Ada's", nested: "Eve's"}))
    assert submitted(lab) == {"ada": "Ada's", "eve": "Eve's"}
    assert max(len(item.file) for item in collected) <= LONGEST_PATH


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_is_there_twice(lab, tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as opened:
        for file, content in [("eve/tiny.ipynb", "1"), ("eve/tiny.ipynb", "2"), ("ada.ipynb", "3")]:
            opened.writestr(zipfile.ZipInfo(file, DATE), content)
    found = collect(lab, "tiny", tmp_path / "export.zip")
    (skipped,) = [item for item in found if item.status == "skipped"]
    assert "several times" in skipped.reason
    assert submitted(lab).keys() == {"ada", "eve"}


STAMPS = [b"yesterday", b"", b"\xff", b"9" * 30, b"9" * 200_000, b"2026-13-01"]
STAMPS += [b"Mar0:" + b"9" * 20 + b"12" + b"9" * 20 + b",", b"2026-03-01" + b" " * 1000]


def damaged(path, change):
    """Changes the bytes of the archive's first member: its header, its data and its entry."""
    content = bytearray(path.read_bytes())
    change(content, content.index(b"PK\1\2"))
    path.write_bytes(content)
    return path


def scramble(content, entry):
    content[60:90] = b"\xff" * 30


def encrypt(content, entry):
    content[6] |= 1
    content[entry + 8] |= 1


def rename(content, entry):
    content[entry + 8 : entry + 10] = b"\0\10"
    content[entry + 46 : entry + 48] = b"\xff\xfe"


def age(content, entry):
    content[entry + 6] = 99


def make_timeless(content, entry):
    content[entry + 14] = content[entry + 15] = 0


@pytest.mark.parametrize(
    ("method", "change"),
    [
        *itertools.product([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], [scramble]),
        *itertools.product([zipfile.ZIP_STORED], [encrypt, rename, age, make_timeless]),
    ],
)
def test_a_damaged_member_is_its_students_fault_alone(lab, tmp_path, method, change):
    with zipfile.ZipFile(tmp_path / "export.zip", "w", method) as opened:
        noise = np.random.default_rng(0).bytes(1000)
        for student, content in {"eve": noise, "ada": "Ada's", "bob": "Bob's"}.items():
            opened.writestr(zipfile.ZipInfo(f"{student}/tiny.ipynb", DATE), content, method)
    found = collect(lab, "tiny", damaged(tmp_path / "export.zip", change))
    (skipped,) = [item for item in found if item.status == "skipped"]
    assert "tiny.ipynb" in skipped.file
    assert "unpacked" in skipped.reason or "damaged" in skipped.reason
    assert submitted(lab) == {"ada": "Ada's", "bob": "Bob's"}


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_bad_timestamp_is_its_students_fault_alone(lab, archive, hand_in, stamp):
    hand_in("eve", raw="old")
    (lab.labs / "submitted/eve/tiny/timestamp.txt").write_bytes(stamp)
    found = collect(lab, "tiny", archive({"ada/tiny.ipynb": "new", "eve/tiny.ipynb": "new"}))
    assert {item.student: item.status for item in found} == {"ada": "new", "eve": "skipped"}
    assert "submitted/eve/tiny/timestamp.txt holds no time" in found[1].reason
    assert submitted(lab) == {"ada": "new", "eve": "old"}


@pytest.mark.parametrize("stamp", ["2026-03-01 11:59:00", "2026-02-01 00:00:00 UTC"])
def test_times_are_read_as_nbgrader_writes_them(lab, archive, hand_in, stamp, monkeypatch):
    hand_in("ada", raw="old")
    (lab.labs / "submitted/ada/tiny/timestamp.txt").write_text(stamp)
    later = (2026, 3, 3, 12, 0, 0)
    assert collect(lab, "tiny", archive({"ada/tiny.ipynb": "new"}, later))[0].status == "replaced"


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_timestamp_that_is_no_file_is_not_opened(lab, archive, hand_in, make):
    hand_in("eve", raw="old")
    make(lab.labs / "submitted/eve/tiny/timestamp.txt")
    (item,) = collect(lab, "tiny", archive({"eve/tiny.ipynb": "new"}))
    assert "submitted/eve/tiny/timestamp.txt holds no time" in item.reason


def test_what_cannot_be_stored_is_its_students_fault_alone(lab, archive):
    (lab.labs / "submitted/eve/tiny/tiny.ipynb").mkdir(parents=True)
    found = collect(lab, "tiny", archive({"ada/tiny.ipynb": "1", "eve/tiny.ipynb": "2"}))
    assert {item.student: item.status for item in found} == {"ada": "new", "eve": "skipped"}
    assert "cannot be stored" in found[1].reason


def test_a_full_disk_is_everyones(lab, archive, monkeypatch):
    def write(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OSError, match="No space left"):
        collect(lab, "tiny", archive_of(lab, {"ada/tiny.ipynb": "1"}))


def archive_of(lab, files):
    path = lab.root / "export.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for file, content in files.items():
            opened.writestr(zipfile.ZipInfo(file, DATE), content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_that_says_it_is_small_is_unpacked_in_small_pieces(
    lab, tmp_path, method, monkeypatch
):
    unpacked = []
    read = zipfile.ZipExtFile._read1
    monkeypatch.setattr(collecting, "LARGEST_FILE", 1_000_000)

    def count(self, size):
        unpacked.append(size)
        return read(self, size)

    monkeypatch.setattr(zipfile.ZipExtFile, "_read1", count)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as opened:
        opened.writestr(zipfile.ZipInfo("eve/tiny.ipynb", DATE), bytes(6_000_000), method)
        opened.writestr(zipfile.ZipInfo("ada/tiny.ipynb", DATE), "Ada's")

    def belittle(content, entry):
        content[entry + 24 : entry + 28] = (400_000).to_bytes(4, "little")

    found = collect(lab, "tiny", damaged(tmp_path / "export.zip", belittle))
    assert {item.student: item.status for item in found} == {"ada": "new", "eve": "skipped"}
    assert max(unpacked) <= zipfile.ZipExtFile.MIN_READ_SIZE
    assert submitted(lab) == {"ada": "Ada's"}


def test_a_member_is_read_to_the_limit(lab, archive, monkeypatch):
    monkeypatch.setattr(collecting, "LARGEST_FILE", 100_000)
    monkeypatch.setattr(zipfile.ZipInfo, "file_size", property(lambda self: 5, lambda s, v: None))
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, size: b"x" * size)
    (item,) = collect(lab, "tiny", archive({"eve/tiny.ipynb": "work"}))
    assert item.reason == "it is larger than it says, allowed are 0 MB"


def test_names_are_cleaned_at_the_door(lab, archive, monkeypatch):
    files = {
        f"\x1b]0;Eve\x07 \x1b[31m{'e' * 1000}_666_assignsubmission_file_/tiny.ipynb": "work",
        " \n_667_assignsubmission_file_/tiny.ipynb": "work",
        "Ada_101_assignsubmission_file_/[/b] \x1b]0;x\x07.pdf": "print-out",
        "Bob_102_assignsubmission_file_/\x1b[2Jtiny\n.ipynb": "work",
        "Bob_102_assignsubmission_file_/tiny.ipynb": "work",
    }
    path = archive(files)
    collected = collect(lab, "tiny", path)
    assert submitted(lab).keys() == {"102", "666", "667"}
    for item in collected:
        assert (item.file + item.reason).isprintable()
    with lab.gradebook("tiny") as gradebook:
        student = gradebook.find_student("666")
        name = f"{student.first_name or ''} {student.last_name}".strip()
    assert name.isprintable()
    assert len(name) <= 100
    monkeypatch.setattr(cli.console, "width", 400)
    with cli.console.capture() as shown:
        cli.collecting.collect_archive(lab, "tiny", path)
    assert "[/b]" in shown.get()
    assert "\x1b]" not in shown.get()


@pytest.mark.parametrize("text", ["[/b]", "[red]", "\x1b]0;title\x07", "\udcff", "a\\", "[b]\\"])
def test_a_students_text_is_shown_as_it_is_or_cleaned(text):
    table = Table("")
    table.add_row(f"[red]{cli.show(text)}[/red]")
    with cli.console.capture() as shown:
        cli.console.print(table)
        cli.console.print(f"[red]{cli.show(text)}[/red]")
    shown.get().encode()
    assert "\x1b]" not in shown.get()
    assert text in shown.get() or not text.isprintable()


HONEST = {
    "folders of Moodle": {
        "101": "Ada Lovelace_101_assignsubmission_file_/tiny.ipynb",
        "102": "José Ñandú_102_assignsubmission_file/deep/folder/tiny.ipynb",
    },
    "Moodle": {
        "101": "Ada Lovelace_101_assignsubmission_file_tiny.ipynb",
        "102": "José Ñandú_102_assignsubmission_file_my tiny.ipynb",
    },
    "Canvas": {"101": "lovelaceada_101_11_tiny.ipynb", "102": "nandujose_LATE_102_12_tiny.ipynb"},
    "folders": {"101": "101/tiny.ipynb", "Ñandú": "Ñandú/deep/tiny.ipynb"},
    "folders in a folder": {"101": "class/101/tiny.ipynb", "Ñandú": "class/Ñandú/tiny.ipynb"},
}
HOSTILE = {
    "folders of Moodle": "{name}_{number}_assignsubmission_file_/{path}",
    "Moodle": "{name}_{number}_assignsubmission_file_{path}",
    "Canvas": "{name}_{number}_{number}_{path}",
    "folders": "eve{number}/{path}",
    "folders in a folder": "class/eve{number}/{path}",
}
PIECES = [
    *HONEST["folders of Moodle"].values(),
    *HONEST["Canvas"].values(),
    *["101", "102", "Ñandú", "_101_assignsubmission_file_", "_102_assignsubmission_onlinetext_"],
    *[
        "_101_11_",
        "_",
        "assignsubmission",
        "file_",
        "_LATE",
        "tiny",
        "tiny.ipynb",
        ".ipynb",
        "class",
    ],
    *[
        "/",
        "//",
        "/../",
        "../",
        "./",
        "\\",
        "\0",
        "\n",
        "\t",
        " ",
        ".",
        "-",
        "\x1b]0;",
        "[/b]",
        "[red]",
    ],
    *[
        "\u202e",
        "é",
        "e\u0301",
        "１０１",
        "٣",
        "CON",
        "C:",
        "~",
        "$HOME",
        "%s",
        "{0}",
        "x" * 300,
        "🦊",
    ],
    *["=1+1", ";", "'", '"', "<b>", "__MACOSX/", "._", ".ipynb_checkpoints/", "timestamp.txt"],
]


def draw_hostile(rng, layout):
    """Draws the path of a file whose student chose all but what the platform adds."""
    name = "".join(rng.choice(PIECES, rng.integers(1, 4))).replace("/", "").replace("_", " ")
    path = "".join(rng.choice(PIECES, rng.integers(1, 6))) + rng.choice(["", ".ipynb"])
    crafted = "".join(rng.choice(["/", "../", "", "C:/"])) if rng.random() < 0.1 else ""
    drawn = HOSTILE[layout].format(name=name, number=rng.integers(600, 699), path=path)
    return f"{crafted}/{drawn}" if crafted else drawn


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("layout", HONEST)
@pytest.mark.parametrize("seed", range(4))
def test_honest_work_lands_where_it_belongs_whatever_others_call_theirs(
    lab, archive, tmp_path, layout, seed
):
    rng = np.random.default_rng([seed, list(HONEST).index(layout)])
    honest = {path: f"work of {student}" for student, path in HONEST[layout].items()}
    for number in range(4):
        hostile = {draw_hostile(rng, layout): f"hostile {number}" for _ in range(30)}
        files = list({**hostile, **honest}.items())
        rng.shuffle(files)
        outside = set(tmp_path.iterdir())
        path = archive(dict(files), (2026, 3, 1 + number, 12, 0, 0), f"{number}.zip")
        collected = collect(lab, "tiny", path)
        found = submitted(lab)
        assert {student: found[student] for student in HONEST[layout]} == {
            student: f"work of {student}" for student in HONEST[layout]
        }
        assert not any(
            text.startswith("work") for s, text in found.items() if s not in HONEST[layout]
        )
        assert set(tmp_path.iterdir()) == outside | {path}
        assert all(item.reason for item in collected if item.status == "skipped")
        assert all((item.file + item.reason + item.student).isprintable() for item in collected)
    with lab.gradebook("tiny") as gradebook:
        names = {student.id: student.last_name for student in gradebook.students}
    platform = {"Moodle": "Lovelace", "folders of Moodle": "Lovelace", "Canvas": "lovelaceada"}
    assert names.get("101") == platform.get(layout)
    assert all((name or "").isprintable() for name in names.values())
