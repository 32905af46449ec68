import zipfile

import pytest

from course_lib.classroom.collect import collect

DATE = (2026, 3, 1, 12, 0, 0)


@pytest.fixture
def archive(tmp_path):
    """Function that writes an archive with the given files and returns its path."""

    def write(files, date=DATE, name="export.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as opened:
            for file, content in files.items():
                opened.writestr(zipfile.ZipInfo(file, date), content, zipfile.ZIP_DEFLATED)
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
    assert {item.status for item in collected} == {"new"}
    assert sorted(submitted(lab)) == sorted(students)


def test_names_reach_the_gradebook(lab, archive):
    collect(
        lab, "tiny", archive({"Ada King Lovelace_101_assignsubmission_file_/tiny.ipynb": "work"})
    )
    with lab.gradebook("tiny") as gradebook:
        student = gradebook.find_student("101")
        assert (student.first_name, student.last_name) == ("Ada King", "Lovelace")


def test_the_time_of_handing_in_is_kept(lab, archive, monkeypatch):
    collect(lab, "tiny", archive({"ada/tiny.ipynb": "work"}))
    stamp = lab.directory("tiny").get_existing_timestamp(str(lab.labs / "submitted/ada/tiny"))
    assert stamp.year == 2026


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
    assert found["bob/tiny.pdf"].reason == "no notebook, or not clear whose it is"
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
    monkeypatch.setattr("course_lib.classroom.collect.LARGEST", 10_000_000)
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
