"""What is inside an archive: other archives, files beside notebooks, names in other encodings."""

import io
import tarfile
import time
import zipfile

import pytest

from classroom.collecting import archives, beside
from classroom.collecting.collect import collect, find_labs
from tests.classroom.collecting.conftest import notebook, pack

MOODLE = "Ada_101_assignsubmission_file_"


def test_an_archive_inside_is_a_folder(two_labs, export, handed_in):
    inner = pack({"work/tiny.ipynb": "work", "work/data/x.csv": "1", "above.csv": "2"})
    collect(two_labs, "tiny", export({f"{MOODLE}/all.zip": inner}))
    assert handed_in(two_labs) == {
        "101/tiny/tiny.ipynb": "work",
        "101/tiny/data/x.csv": "1",
        "101/tiny/above.csv": "2",
    }


@pytest.mark.parametrize(
    "name",
    [
        f"{MOODLE}all.zip",
        "ada_101_5501_all.ZIP",
        "Lab_101_attempt_2026-03-01-12-00-00_all.zip",
        "101.zip",
        f"class.zip/{MOODLE}/all.zip",
    ],
)
def test_an_archive_inside_stands_where_a_file_does(two_labs, export, handed_in, name):
    files = {name: pack({"x/tiny.ipynb": "work", "x/helper.py": "y"}), "bob_tiny.ipynb": "more"}
    if name.startswith("class.zip"):
        outer, _, inside = name.partition("/")
        files = {outer: pack({inside: files[name], "Bob_102_assignsubmission_file_/a.ipynb": "b"})}
    collect(two_labs, "tiny", export(files))
    stored = handed_in(two_labs)
    assert (stored["101/tiny/tiny.ipynb"], stored["101/tiny/helper.py"]) == ("work", "y")


def test_archives_are_nested_so_deep_and_no_deeper(two_labs, export, handed_in):
    deep = pack({"tiny.ipynb": "work"})
    for _ in range(archives.DEEPEST - 1):
        deep = pack({"in.zip": deep})
    files = {
        f"{MOODLE}/in.zip": deep,
        "Bob_102_assignsubmission_file_/in.zip": pack({"x.zip": deep}),
    }
    found = collect(two_labs, "tiny", export(files))
    assert handed_in(two_labs) == {"101/tiny/tiny.ipynb": "work"}
    assert "archives are nested more than 3 deep" in [item.reason for item in found]


def test_an_archive_without_notebooks_is_a_file_like_any_other(two_labs, export):
    files = {f"{MOODLE}/tiny.ipynb": "work", f"{MOODLE}/data.zip": pack({"x.csv": "1"})}
    collect(two_labs, "tiny", export(files))
    assert zipfile.is_zipfile(two_labs.labs / "submitted/101/tiny/data.zip")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no zip", "it is no zip archive"),
        (b"", "it is no zip archive"),
        (pack({"../../tiny.ipynb": "x"}), "leads out of the archive"),
        (pack({"Bob_102_assignsubmission_file_/tiny.ipynb": "x"}), "names several students"),
    ],
)
def test_trouble_inside_is_its_students_alone(two_labs, export, handed_in, content, reason):
    files = {f"{MOODLE}/in.zip": content, "Bob_102_assignsubmission_file_/tiny.ipynb": "Bob's"}
    found = collect(two_labs, "tiny", export(files))
    assert any(reason in item.reason for item in found)
    assert handed_in(two_labs) == {"102/tiny/tiny.ipynb": "Bob's"}


def test_a_bomb_inside_is_not_unpacked(two_labs, export, handed_in, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_ZIP", 100_000)
    bomb = pack({"tiny.ipynb": bytes(10_000_000)})
    assert len(bomb) < 100_000
    bombs = pack({"in.zip": pack({"x.zip": bytes(10_000_000)}), "tiny.ipynb": "work"})
    files = {f"{MOODLE}/a.zip": bombs, "Bob_102_assignsubmission_file_/b.zip": bomb}
    monkeypatch.setattr("classroom.collecting.collect.LARGEST_FILE", 1_000_000)
    found = collect(two_labs, "tiny", export(files))
    assert "10 MB, allowed are 1 MB" in [item.reason for item in found]
    assert "10 MB, allowed are 0 MB" in [item.reason for item in found]
    assert handed_in(two_labs) == {"101/tiny/tiny.ipynb": "work"}


def test_too_many_files_are_refused(two_labs, export, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    inner = pack({f"{number}.py": "" for number in range(9)} | {"tiny.ipynb": "x"})
    (item,) = collect(two_labs, "tiny", export({"ada/in.zip": inner}))
    assert "more than 3 files" in item.reason
    with pytest.raises(ValueError, match="more than 3 files"):
        collect(two_labs, "tiny", export({f"{number}.ipynb": "x" for number in range(9)}))


def test_a_link_is_not_followed(two_labs, tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("ada/tiny.ipynb", "work")
        link = zipfile.ZipInfo("bob/tiny.ipynb")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    found = {item.student: item for item in collect(two_labs, "tiny", path)}
    assert (found["bob"].status, found["bob"].reason) == ("skipped", "it is a link")


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Jürgen Müller", "cp437"),
        ("Zoë Ångström", "cp850"),
        ("Ântão", "cp850"),
        ("Jürgen Müller", "utf-8"),
        ("Łukasz", "utf-8"),
        ("Jürgen", "cp1252"),
    ],
)
def test_names_that_do_not_say_their_encoding(two_labs, tmp_path, name, encoding):
    path, raw = tmp_path / "export.zip", name.encode(encoding)
    blank = "?" * len(raw)
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(f"{blank}_101_assignsubmission_file_/tiny.ipynb", "work")
    path.write_bytes(path.read_bytes().replace(blank.encode(), raw))
    collect(two_labs, "tiny", path)
    with two_labs.gradebook("tiny") as gradebook:
        student = gradebook.find_student("101")
        assert f"{student.first_name} {student.last_name}".strip() == name


def test_backslashes_of_a_whole_archive_are_folders(two_labs, export, handed_in):
    collect(two_labs, "tiny", export({"ada\\tiny.ipynb": "1", "bob\\a\\tiny.ipynb": "2"}))
    assert handed_in(two_labs) == {"ada/tiny/tiny.ipynb": "1", "bob/tiny/tiny.ipynb": "2"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (lambda: b"Rar!\x1a\x07", "a rar archive"),
        (lambda: b"\x1f\x8b\x08", "a gz archive"),
        (lambda: make_tar(), "a tar archive"),
    ],
)
def test_other_archives_are_named(two_labs, tmp_path, make, words):
    path = tmp_path / "export.zip"
    path.write_bytes(make())
    with pytest.raises(ValueError, match=f"is no zip archive: it is {words}. Unpack it"):
        collect(two_labs, "tiny", path)


def make_tar():
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("ada/tiny.ipynb"))
    return content.getvalue()


def test_an_unpacked_archive_is_explained(two_labs, tmp_path):
    with pytest.raises(ValueError, match="it is a folder"):
        collect(two_labs, "tiny", tmp_path)


def test_clutter_is_passed_over(two_labs, export):
    clutter = [".DS_Store", "__MACOSX/._x", "Thumbs.db", "__pycache__/a.pyc", ".git/HEAD", "._x"]
    files = dict.fromkeys([f"ada/{name}" for name in clutter], "x") | {"ada/tiny.ipynb": "work"}
    assert len(collect(two_labs, "tiny", export(files))) == 1


@pytest.mark.parametrize(
    ("file", "stored"),
    [
        ("helper.py", "helper.py"),
        ("Data/ä.csv", "Data/ä.csv"),
        ("old.zip/x.csv", "old.zip/x.csv"),
        ("timestamp.txt", None),
        ("TimeStamp.TXT", None),
        (".bashrc", None),
        (".hidden/x.py", None),
        ("aux.py", None),
        ("x./y.py", None),
        ("tiny.ipynb/x.py", None),
        ("x.new", None),
        ("/".join("a" * 12) + "/x.py", None),
        ("x" * 151, None),
    ],
)
def test_which_files_are_taken_beside_a_notebook(two_labs, export, handed_in, file, stored):
    found = collect(two_labs, "tiny", export({"ada/tiny.ipynb": "work", f"ada/{file}": "x"}))
    expected = {f"ada/tiny/{stored}": "x"} if stored and ".zip" not in stored else {}
    expected = {"ada/tiny/old/x.csv": "x"} if file == "old.zip/x.csv" else expected
    assert handed_in(two_labs) == {"ada/tiny/tiny.ipynb": "work"} | expected
    assert all(item.student == "ada" for item in found)
    assert all(item.reason for item in found if item.status == "skipped")


def test_files_beside_a_notebook_are_bounded(two_labs, export, handed_in, monkeypatch):
    monkeypatch.setattr(beside, "MOST_FILES", 2)
    monkeypatch.setattr(beside, "LARGEST_FILES", 1000)
    sizes = {"a.csv": 600, "c.csv": 300, "d.csv": 1}
    files = {f"ada/{name}": "x" * size for name, size in sizes.items()}
    found = collect(two_labs, "tiny", export({"ada/tiny.ipynb": "work"} | files))
    assert handed_in(two_labs).keys() == {f"ada/tiny/{n}" for n in ("tiny.ipynb", "a.csv", "c.csv")}
    reasons = {item.file: item.reason for item in found if item.reason}
    assert reasons == {"ada/d.csv": "more than 2 files beside a notebook"}


def test_what_is_too_large_beside_a_notebook_counts_as_read(
    two_labs, export, handed_in, monkeypatch
):
    """Files that say they are small are unpacked up to the bound: only so many are tried."""
    monkeypatch.setattr(beside, "MOST_FILES", 2)
    monkeypatch.setattr(beside, "LARGEST_FILES", 1000)
    files = {f"ada/{name}.csv": "x" * size for name, size in {"a": 600, "b": 600, "c": 3}.items()}
    found = collect(two_labs, "tiny", export({"ada/tiny.ipynb": "work"} | files))
    assert handed_in(two_labs).keys() == {"ada/tiny/tiny.ipynb", "ada/tiny/a.csv"}
    reasons = [item.reason for item in found if item.reason]
    assert reasons == ["0 MB, allowed are 0 MB", "more than 2 files beside a notebook"]


def test_notebooks_of_one_student_are_bounded(two_labs, export, handed_in, monkeypatch):
    monkeypatch.setattr("classroom.collecting.collect.MOST_NOTEBOOKS", 2)
    monkeypatch.setattr("classroom.collecting.collect.LARGEST_NOTEBOOKS", 1000)
    sizes = {"tiny.ipynb": 600, "b.ipynb": 600, "c.ipynb": 1}
    found = collect(two_labs, "tiny", export({f"ada/{n}": "x" * s for n, s in sizes.items()}))
    assert {item.file: item.reason for item in found} == {
        "ada/tiny.ipynb": "",
        "ada/b.ipynb": "0 MB, allowed are 0 MB",
        "ada/c.ipynb": "more than 2 notebooks of one student",
    }
    assert handed_in(two_labs).keys() == {"ada/tiny/tiny.ipynb"}


def test_archives_of_one_student_are_bounded_together(two_labs, export, monkeypatch):
    """Many archives side by side, each within its bound, take no more than one student may."""
    monkeypatch.setattr(archives, "LARGEST_ZIPS", 250_000)
    filler = {f"{n}.zip": pack({"x.bin": bytes(90_000)}) + bytes(100_000) for n in range(4)}
    files = {
        f"{MOODLE}/a.zip": pack(filler | {"tiny.ipynb": "Ada's"}),
        "Bob_102_assignsubmission_file_/b.zip": pack({"tiny.ipynb": "Bob's"}),
    }
    found = collect(two_labs, "tiny", export(files))
    assert [item.reason for item in found].count("0 MB, allowed are 0 MB") >= 2
    submitted = two_labs.labs / "submitted"
    assert (submitted / "102/tiny/tiny.ipynb").read_text() == "Bob's"
    assert (submitted / "101/tiny/tiny.ipynb").read_text() == "Ada's"


@pytest.mark.parametrize(
    "name",
    [
        "1-2 - x- " + "2020 " * 12_000 + "-",
        "a_" + "_b" * 30_000 + "_2026-01-01",
        "_1" * 30_000,
        "x" + "-" * 60_000,
        "x" * 2001,
    ],
)
def test_a_name_made_to_take_long_is_too_long(two_labs, export, name):
    start = time.monotonic()
    found = collect(two_labs, "tiny", export({f"{name}/t.ipynb": "x", "bob/t.ipynb": "work"}))
    assert "its path is too long" in [item.reason for item in found]
    assert time.monotonic() - start < 5


def test_an_account_made_to_take_long_is_read_no_further(two_labs, export):
    start = time.monotonic()
    about = "Lab_ada_attempt_2026-03-01-12-00-00"
    files = {f"{about}.txt": "Name: " + " " * 90_000, f"{about}_t.ipynb": "work"}
    assert len(collect(two_labs, "tiny", export(files))) == 2
    assert time.monotonic() - start < 5


def test_two_files_of_one_name_but_for_capitals(two_labs, export, handed_in):
    files = {"ada/tiny.ipynb": "work", "ada/a.py": "1", "ada/A.py": "2"}
    found = collect(two_labs, "tiny", export(files))
    assert [item.status for item in found].count("skipped") == 1
    assert len(handed_in(two_labs)) == 2


def test_modules_get_the_name_back_that_canvas_numbered(two_labs, export, handed_in):
    names = ["tiny-1.ipynb", "helper-1.py", "data-1.csv"]
    collect(two_labs, "tiny", export({f"ada_101_{5 + i}_{n}": n for i, n in enumerate(names)}))
    stored = {path.rpartition("/")[2] for path in handed_in(two_labs)}
    assert stored == {"tiny.ipynb", "helper.py", "data-1.csv"}


def test_a_file_that_is_no_longer_handed_in_goes(two_labs, export, handed_in):
    first = {"ada/tiny.ipynb": "1", "ada/helper.py": "x", "ada/kept.py": "y"}
    collect(two_labs, "tiny", export(first))
    (two_labs.labs / "submitted/ada/tiny/instructors.txt").write_text("mine")
    second = {"ada/tiny.ipynb": "1", "ada/kept.py": "z"}
    found = collect(two_labs, "tiny", export(second, (2026, 4, 1, 0, 0, 0)))
    assert {item.file: item.status for item in found} == dict.fromkeys(second, "replaced")
    stored = {path.rpartition("/")[2] for path in handed_in(two_labs)}
    assert stored == {"tiny.ipynb", "kept.py", "instructors.txt"}


def test_another_labs_notebook_is_refused(two_labs, export, handed_in):
    files = {"ada/work.ipynb": notebook("tiny"), "bob/tiny.ipynb": notebook("other")}
    found = {item.student: item for item in collect(two_labs, "tiny", export(files))}
    assert found["bob"].reason == "its cells are those of the lab other, not of tiny"
    assert handed_in(two_labs).keys() == {"ada/tiny/tiny.ipynb"}
    collect(two_labs, "tiny", export(files), any_lab=True)
    assert handed_in(two_labs).keys() == {"ada/tiny/tiny.ipynb", "bob/tiny/tiny.ipynb"}


def test_of_two_notebooks_the_one_with_the_labs_cells_is_taken(two_labs, export, handed_in):
    files = {"ada/tiny.ipynb": notebook("other"), "ada/Untitled.ipynb": notebook("tiny", "Ada's")}
    files["ada/tiny-notes.ipynb"] = "{}"
    collect(two_labs, "tiny", export(files))
    assert handed_in(two_labs) == {"ada/tiny/tiny.ipynb": notebook("tiny", "Ada's")}


@pytest.mark.parametrize(
    "content",
    [
        notebook("other").encode(),
        notebook("other").encode("utf-16"),
        notebook("other").replace('"id": "other-task"', '"id": "x1"').encode()[:-50]
        + b'"metadata": {"nbgrader": {"grade_id": "other-task"}}',
    ],
)
def test_a_damaged_notebook_still_says_its_lab(two_labs, export, content):
    (item,) = collect(two_labs, "tiny", export({"ada/tiny.ipynb": content}))
    assert item.reason == "its cells are those of the lab other, not of tiny"


def test_a_notebook_says_its_lab_by_what_it_defines(two_labs, export):
    path = two_labs.source("other")
    path.write_text(path.read_text().replace("x = 1", "def answer():\\n    pass"))
    content = '{"cells": [{"source": ["import numpy\\n", "def answer():\\n"]}]}'
    (item,) = collect(two_labs, "tiny", export({"ada/tiny.ipynb": content}))
    assert item.reason == "its cells are those of the lab other, not of tiny"


def test_what_a_student_writes_about_another_lab_does_not_count(two_labs, export):
    text = '"id": "other-task", "grade_id": "other-task"'
    (item,) = collect(two_labs, "tiny", export({"ada/tiny.ipynb": notebook("tiny", text)}))
    assert item.status == "new"


def test_an_archive_says_its_labs(two_labs, export):
    files = {"ada/a.ipynb": notebook("tiny"), "bob/a.ipynb": notebook("tiny"), "cy/b.ipynb": "{}"}
    assert find_labs(two_labs, export(files)) == {"tiny": 2}


def test_cells_that_labs_share_say_nothing(two_labs, export):
    for lab in ("tiny", "other"):
        path = two_labs.source(lab)
        path.write_text(path.read_text().replace('"own"', '"title"'))
    title = notebook("none").replace('"own"', '"title"')
    assert find_labs(two_labs, export({"ada/a.ipynb": title})) == {}
