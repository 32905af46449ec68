import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from classroom.kernels import scratch

pytestmark = pytest.mark.skipif(scratch.fcntl is None, reason="folders cannot be locked")

OWNER = """
import time
from classroom.kernels import scratch

print(scratch.make("submission"), flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The temporary directory, also of processes that a test starts."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def owner():
    """A living process, and a folder of its own with a file in it."""
    process = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    folder = Path(process.stdout.readline().strip())
    (folder / "file").touch()
    yield process, folder
    process.kill()
    process.communicate()


def test_a_folder_goes_after_its_owner_was_killed_and_not_before(owner):
    process, folder = owner
    scratch.remove_abandoned()
    assert (folder / "file").exists()
    process.kill()
    process.wait()
    scratch.remove_abandoned()
    assert not folder.exists()


def test_a_folder_of_this_process_stays_until_it_is_removed(place):
    with scratch.folder("workers") as folder:
        scratch.remove_abandoned()
        assert list(place.iterdir()) == [Path(folder)]
    assert list(place.iterdir()) == []
    assert scratch._locks.keys().isdisjoint({folder})


def test_a_folder_that_was_closed_to_everyone_is_removed(place):
    with scratch.folder("submission") as folder:
        (inner := Path(folder, "inner")).mkdir()
        (inner / "file").touch()
        (kept := place / "kept").mkdir(mode=0o500)
        (Path(folder) / "link").symlink_to(kept)
        inner.chmod(0)
    assert list(place.iterdir()) == [kept]
    assert kept.stat().st_mode & 0o777 == 0o500


def test_links_and_what_others_made_stay(place, tmp_path):
    (target := tmp_path / "target").mkdir()
    (target / "file").touch()
    (link := place / "course-kernel-aaaaaaaa").symlink_to(target)
    file = place / "course-warm-aaaaaaaa"
    file.touch()
    (similar := place / "course-kernel-lecture").mkdir()
    (other := place / "kernel-aaaaaaaa").mkdir()
    scratch.remove_abandoned()
    assert set(place.iterdir()) == {link, file, similar, other}
    assert (target / "file").exists()


def test_a_folder_of_another_user_stays(place, monkeypatch):
    (folder := place / "course-kernel-aaaaaaaa").mkdir()
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    scratch.remove_abandoned()
    assert folder.exists()
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    scratch.remove_abandoned()
    assert not folder.exists()


def test_a_folder_is_never_seen_without_its_lock(place, monkeypatch):
    """Another grader looks just before, and just after, the folder is locked and named."""
    rename = os.rename

    def look_and_rename(*names):
        scratch.remove_abandoned()
        rename(*names)
        scratch.remove_abandoned()

    monkeypatch.setattr(os, "rename", look_and_rename)
    with scratch.folder("workers") as folder:
        assert Path(folder).is_dir()


def test_where_folders_cannot_be_locked_none_is_removed(place, monkeypatch):
    def refuse(*_):
        raise OSError("no locks here")

    monkeypatch.setattr(scratch.fcntl, "flock", refuse)
    with scratch.folder("submission") as folder:
        scratch.remove_abandoned()
        assert Path(folder).is_dir()
    assert not Path(folder).exists()
