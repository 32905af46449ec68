"""nbgrader's `Gradebook`, with an engine of SQLAlchemy's that lasts and shares its file.

nbgrader makes an engine whenever it opens the gradebook, which is several times a submission; a
lasting one remembers the queries that it compiled. For a new gradebook it starts the program
`alembic`, which is not on the path of an environment that is not activated, to ask for a version
that is to be read in a folder.
"""

import functools
import sqlite3
from pathlib import Path

import nbgrader.api
import psutil
from nbgrader.api import Gradebook
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import create_engine, event

__all__ = ["Gradebook"]

# File systems that other machines write to as well, besides those of FUSE, or that are folders of
# the host of a virtual machine. SQLite's write-ahead log lies in memory that all who use the file
# must share.
NETWORK = {
    *("9p", "acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "gpfs"),
    *("lustre", "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "panfs", "prl_fs", "smb", "smb2", "smb3"),
    *("smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav"),
}
LOCAL_FUSE = {"fuseblk", "fuse.fuse-overlayfs", "fuse.ntfs-3g"}


@functools.cache
def make_engine(url, **options):
    """Makes the engine of a gradebook.

    Args:
        url: Address of its database.
        **options: As for `sqlalchemy.create_engine`.

    Returns:
        An `Engine`. Processes that use an SQLite file at once wait for each other, for up to a
        minute; on a local disk readers need not wait.
    """
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _share)
    return engine


def _share(connection, _):
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute("PRAGMA busy_timeout = 60000")
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    mode = "delete" if is_on_network(path) else "wal"
    try:
        connection.execute(f"PRAGMA journal_mode = {mode}")
    except sqlite3.OperationalError as error:
        raise sqlite3.OperationalError(
            f"{path} cannot be opened with the journal mode {mode!r}: {error}. Its disk is "
            f"{find_file_system(path)[0] or 'of an unknown kind'}. If another machine has the "
            "gradebook open, close it there; or name a PostgreSQL server in `c.CourseDirectory."
            "db_url`."
        ) from error


def is_on_network(path):
    """Whether a file lies on a disk that other machines may write to.

    Args:
        path: Path of the file, or "" for a database in memory.

    Returns:
        A bool. Disks of FUSE count, but for those that are known to be local.
    """
    kind, options = find_file_system(path)
    shared = kind in NETWORK or kind.startswith(("fuse", "osxfuse", "macfuse"))
    return (shared and kind not in LOCAL_FUSE) or "remote" in options or path.startswith("\\\\")


def find_file_system(path):
    """Finds the file system that holds a file.

    Args:
        path: Path of the file, which need not exist; its links are followed.

    Returns:
        The kind of the file system in lower case and the options of its mount, as `psutil` names
        them; empty if it is not known.
    """
    place = Path(path).resolve()
    holding = [
        mount
        for mount in psutil.disk_partitions(all=True)
        if path and place.is_relative_to(mount.mountpoint)
    ]
    # What is mounted later hides what was mounted on the same folder before.
    found = max(reversed(holding), key=lambda mount: len(mount.mountpoint), default=None)
    return (found.fstype.lower(), found.opts.split(",")) if found else ("", [])


def read_version():
    """Returns the version of the tables, as a new gradebook notes it."""
    from alembic.script import ScriptDirectory  # seldom needed, and a tenth of a second

    return ScriptDirectory(ALEMBIC_DIR).get_current_head()


nbgrader.api.create_engine = make_engine
nbgrader.api.get_alembic_version = read_version
