"""nbgrader's `Gradebook`, with an engine of SQLAlchemy's that lasts and shares its file.

nbgrader makes an engine whenever it opens the gradebook, which is several times a submission; a
lasting one remembers the queries that it compiled. For a new gradebook it starts the program
`alembic`, which is not on the path of an environment that is not activated, to ask for a version
that is to be read in a folder.
"""

import functools
import sqlite3

import nbgrader.api
from nbgrader.api import Gradebook
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, event

__all__ = ["Gradebook"]


@functools.cache
def make_engine(url, **options):
    """Makes the engine of a gradebook.

    Args:
        url: Address of its database.
        **options: As for `sqlalchemy.create_engine`.

    Returns:
        An `Engine`. Processes that use an SQLite file at once wait for each other, for up to a
        minute.
    """
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _share)
    return engine


def _share(connection, _):
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA busy_timeout = 60000")
        connection.execute("PRAGMA journal_mode = WAL")


def read_version():
    """Returns the version of the tables, as a new gradebook notes it."""
    from alembic.script import ScriptDirectory  # seldom needed, and a tenth of a second

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


nbgrader.api.create_engine = make_engine
nbgrader.api.get_alembic_version = read_version
