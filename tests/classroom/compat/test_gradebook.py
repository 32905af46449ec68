"""nbgrader's gradebook takes the engine and the version that it is given."""

import sqlite3

import nbgrader.api
from sqlalchemy import Engine, create_engine, event, text

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
