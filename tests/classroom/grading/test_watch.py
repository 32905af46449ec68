"""A folder in which work arrives: what is complete is collected and graded, once."""

import errno
import os
import shutil
import zipfile
from contextlib import nullcontext

import nbformat
import pytest

from classroom.grading import grade_class, watch
from classroom.grading.trouble import alone
from classroom.grading.watch import Inbox
from classroom.results.gradebook import read_scores

RIGHT = "def double(x):\n    return 2 * x"
WRONG = "def double(x):\n    return 3 * x"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "arrives"
    path.mkdir()
    return path


@pytest.fixture
def inbox(folder):
    return Inbox(folder)


def test_what_looks_the_same_twice_is_complete_and_taken_once(inbox, folder):
    path = folder / "export.zip"
    path.write_bytes(b"half")
    assert inbox.look() == []
    path.write_bytes(b"half, and half")
    assert inbox.look() == []
    assert inbox.look() == [path]
    assert inbox.look() == [path]  # nobody has taken it
    inbox.take(path)
    assert inbox.look() == []
    os.utime(path, (1, 1))
    assert inbox.look() == []
    assert inbox.look() == [path]


def test_a_folder_is_complete_when_none_of_its_files_changes(inbox, folder):
    (folder / "ada").mkdir()
    assert inbox.look() == inbox.look() == []  # it holds nothing yet
    (folder / "ada" / "tiny.ipynb").write_text("{")
    assert inbox.look() == []
    (folder / "ada" / "helper.py").write_text("x")
    assert inbox.look() == []
    assert inbox.look() == [folder / "ada"]


@pytest.mark.parametrize(
    "name", [".DS_Store", "export.zip.part", "a.crdownload", "~lock", "export.zip.TMP"]
)
def test_what_others_have_not_finished_is_passed_over(inbox, folder, name):
    (folder / name).write_text("x")
    assert [inbox.look(), inbox.look()] == [[], []]


def test_what_cannot_be_read_or_is_gone_holds_nothing_up(inbox, folder):
    (folder / "gone.zip").symlink_to(folder / "nowhere")
    (folder / "here.zip").write_text("x")
    assert [inbox.look(), inbox.look()] == [[], [folder / "here.zip"]]


@pytest.fixture
def run(lab, folder, monkeypatch):
    """Function that watches the folder; between two looks it does one of the given steps."""

    def watch_steps(*steps, **means):
        said, left = [], list(steps)

        def sleep(_):
            if not left:
                raise KeyboardInterrupt
            step = left.pop(0)
            if step:
                step()

        monkeypatch.setattr(watch.time, "sleep", sleep)
        grading = nullcontext(lambda outcome, left: None)
        with pytest.raises(KeyboardInterrupt):
            watch.watch(lab, "tiny", folder, said.append, lambda: grading, **means)
        return said

    return watch_steps


@pytest.fixture
def pack(folder, answer):
    """Function that makes an archive with answers of students; an empty one is a broken file."""

    def packed(name, **answers):
        with zipfile.ZipFile(folder / name, "w") as archive:
            for student, code in answers.items():
                text = nbformat.writes(answer(code)) if code else "{ broken"
                archive.writestr(f"{student}/tiny.ipynb", text)

    return packed


def totals(lab):
    scores = read_scores(lab, "tiny")
    return dict(zip(scores.students, scores.totals))


@pytest.mark.services
@pytest.mark.slow
def test_what_arrives_is_graded_once_and_broken_files_are_said(run, lab, folder, pack, answer):
    graded = []
    real = grade_class.record

    def drop_folder():
        (folder / "ada").mkdir()
        nbformat.write(answer(RIGHT), folder / "ada" / "tiny.ipynb")

    def spy(attempt, lab):
        graded.append(attempt.student)
        return real(attempt, lab)

    grade_class.record = spy
    try:
        said = run(
            lambda: pack("first.zip", kim=RIGHT, max=""),
            None,
            lambda: (folder / "broken.zip").write_bytes(b"PK\x03\x04 and no more"),
            drop_folder,
            None,
            lambda: pack("second.zip", kim=RIGHT),
            None,
            lambda: pack("second.zip", kim=WRONG),
            None,
            None,
        )
    finally:
        grade_class.record = real
    assert sorted(graded) == ["ada", "kim", "kim", "max"]
    assert totals(lab)["ada"] == 3
    assert totals(lab)["kim"] == 0
    text = "\n".join(said)
    assert "first.zip: 2 new\n  kim: graded\n  max: " in text
    assert "broken.zip was not collected: " in text
    assert "ada: 1 new\n  ada: graded" in text
    assert "second.zip: 1 unchanged\nsecond.zip: 1 replaced\n  kim: graded" in text


@pytest.mark.services
def test_after_an_interruption_nothing_is_graded_again(run, lab, pack):
    pack("first.zip", kim=RIGHT)
    assert "  kim: graded" in run(None)
    again = run(None)
    assert "first.zip: 1 unchanged" in again
    assert not any("graded" in sentence for sentence in again)


def test_trouble_that_is_everyones_is_said_once_and_tried_again(run, lab, pack, monkeypatch):
    pack("first.zip", kim=RIGHT)
    calls = []

    def full(*arguments):
        calls.append(arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(watch, "collect", full)
    said = run(None, None, None)
    assert len(calls) == 3
    (trouble,) = (sentence for sentence in said if "No space left" in sentence)
    assert trouble.startswith("Grading stopped: ")
    assert not (lab.labs / "submitted" / "kim").exists()


def test_another_grader_is_waited_for(run, lab, hand_in):
    hand_in("ada", RIGHT)
    with alone(lab):
        said = run(None, None)
    assert sum("Another grader works on" in sentence for sentence in said) == 1


def test_what_keeps_all_from_being_graded_is_said_at_the_start(lab, folder):
    with pytest.raises(ValueError, match="is no folder"):
        watch.watch(lab, "tiny", folder / "none", print, nullcontext)
    with pytest.raises(ValueError, match="No lab is called 'other'"):
        watch.watch(lab, "other", folder, print, nullcontext)
    shutil.move(lab.labs / "checks" / "tiny.py", folder)
    with pytest.raises(ValueError, match=r"which .* lacks"):
        watch.watch(lab, "tiny", folder, print, nullcontext)
