"""Temporary folders that a later run removes if their owner was killed.

A folder is locked while its owner lives. The system drops the lock when the process ends, however
it ends; until then nobody removes the folder but its owner.
"""

import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows, where folders cannot be locked and abandoned ones stay
    fcntl = None

# What `tempfile` makes of a prefix; no folder that merely has a similar name is removed.
OURS = re.compile(r"course-(kernel|sockets|submission|warm|workers)-[a-z0-9_]{8}")
# Unix allows about a hundred characters for the path of a socket.
ROOMY = 75
_locks = {}


def make(kind, sockets=False):
    """Makes a temporary folder that is this process's own, until `remove`.

    Args:
        kind: `"kernel"`, `"submission"`, `"warm"` or `"workers"`; part of the folder's name.
        sockets: Whether Unix sockets will lie in it, for which its path must be short.

    Returns:
        Path of the folder, a string.
    """
    roomy = not sockets or len(tempfile.gettempdir()) < ROOMY
    new = tempfile.mkdtemp(prefix=f"new-course-{kind}-", dir=None if roomy else "/tmp")
    folder = os.path.join(os.path.dirname(new), os.path.basename(new).removeprefix("new-"))
    lock = _lock(new)
    # Only now does it have a name that others look for: none of them ever finds it unlocked.
    os.rename(new, folder)
    if lock is not None:
        _locks[folder] = lock
    return folder


def remove(folder):
    """Removes a folder and what is in it, as far as possible.

    Args:
        folder: What `make` returned, in this process or in another one that has ended.
    """
    _remove_tree(folder)
    lock = _locks.pop(str(folder), None)
    if lock is not None:
        os.close(lock)


@contextmanager
def folder(kind):
    """Makes a folder for a `with`, as `make` does; yields its path."""
    made = make(kind)
    try:
        yield made
    finally:
        remove(made)


def remove_abandoned():
    """Removes this user's folders whose owners have ended without removing them."""
    for place in {tempfile.gettempdir(), "/tmp"}:
        with suppress(OSError):
            for name in filter(OURS.fullmatch, os.listdir(place)):
                _remove_if_abandoned(os.path.join(place, name))


def _remove_if_abandoned(folder):
    lock = _lock(folder)
    if lock is not None:
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                _remove_tree(folder)
        finally:
            os.close(lock)


def _lock(folder):
    """Locks a folder.

    Returns:
        A file descriptor that holds the lock, or None if the folder is gone, is a link, is locked
        already, or lies where folders cannot be locked.
    """
    if fcntl is None:
        return None
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


def _remove_tree(folder):
    shutil.rmtree(folder, ignore_errors=True)
    if not os.path.exists(folder):
        return
    # A folder may have been closed to everyone, its owner included.
    for inner, names, _ in os.walk(folder):
        for name in names:
            path = Path(inner, name)
            with suppress(OSError):
                if not path.is_symlink():
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
