"""nbgrader's gradebook takes the engine and the version that it is given."""

import os
import sqlite3
import tempfile
from pathlib import Path
from types import SimpleNamespace

import nbgrader.api
import psutil
import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from classroom.compat import gradebook
from classroom.compat.gradebook import Gradebook, make_engine, read_version


def test_nbgraders_gradebook_uses_one_engine_that_waits_for_others(tmp_path):
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    with Gradebook(url, "course") as first, Gradebook(url, "course") as second:
        assert first.engine is second.engine
        assert first.db.execute(text("PRAGMA busy_timeout")).scalar() == 60000
        assert first.db.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_nbgraders_gradebook_notes_the_version_that_alembic_would(tmp_path):
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    with Gradebook(url, "course"):
        pass
    with sqlite3.connect(tmp_path / "gradebook.db") as opened:
        assert opened.execute("SELECT version_num FROM alembic_version").fetchone() == (
            read_version(),
        )
    assert len(read_version()) == 12


def test_an_engine_of_others_is_left_alone(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    assert not event.contains(Engine, "connect", gradebook._share)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() != 60000


def test_nbgraders_module_holds_what_is_put_into_it():
    assert nbgrader.api.create_engine is make_engine
    assert nbgrader.api.get_alembic_version is read_version


def mount(mountpoint, kind, options="rw"):
    return SimpleNamespace(mountpoint=mountpoint, fstype=kind, opts=options)


@pytest.mark.parametrize(
    ("kind", "options", "shared"),
    [
        *[(kind, "rw", True) for kind in ("nfs4", "cifs", "SMB3", "fuse.sshfs", "9p", "macfuse")],
        *[(kind, "rw", False) for kind in ("ext4", "apfs", "tmpfs", "overlay", "fuseblk")],
        ("NTFS", "rw,remote", True),
        ("NTFS", "rw,fixed", False),
    ],
)
def test_a_disk_that_other_machines_write_to_is_recognised(monkeypatch, kind, options, shared):
    mounts = [mount("/", "ext4"), mount("/srv/class", kind, options), mount("/srv", "ext4")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    assert gradebook.is_on_network("/srv/class/labs/gradebook.db") is shared
    assert not gradebook.is_on_network("/srv/classes/gradebook.db")


def test_what_is_mounted_later_hides_what_was_there(monkeypatch):
    mounts = [mount("/", "ext4"), mount("/net", "autofs"), mount("/net", "nfs4")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    assert gradebook.find_file_system("/net/ada/gradebook.db")[0] == "nfs4"


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no tmpfs at /dev/shm")
def test_the_disk_of_a_gradebook_is_found_and_chooses_its_journal(monkeypatch, tmp_path):
    """A real mount of another kind, which is taken for a network disk; a link leads there."""
    assert gradebook.find_file_system("/dev/shm/gradebook.db")[0] == "tmpfs"
    monkeypatch.setattr(gradebook, "NETWORK", {"tmpfs"})
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        (tmp_path / "linked").symlink_to(folder)
        for place in (Path(folder, "gradebook.db"), tmp_path / "linked" / "other.db"):
            with Gradebook(f"sqlite:///{place}", "course") as opened:
                assert opened.db.execute(text("PRAGMA journal_mode")).scalar() == "delete"
                assert opened.db.execute(text("PRAGMA busy_timeout")).scalar() == 60000
    with Gradebook(f"sqlite:///{tmp_path / 'here.db'}", "course") as opened:
        assert opened.db.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_a_gradebook_that_is_open_elsewhere_is_refused_in_words(monkeypatch, tmp_path):
    path = tmp_path / "gradebook.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA journal_mode = wal")
    holder.execute("CREATE TABLE held (x)")
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM held").fetchall()
    monkeypatch.setattr(gradebook, "is_on_network", lambda path: True)
    with pytest.raises(OperationalError, match="another machine has the gradebook open"):
        make_engine(f"sqlite:///{path}").connect()
    holder.close()
    with make_engine(f"sqlite:///{path}").connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "delete"
