"""A warm server that outlives the command which started it, so that the next one has kernels soon.

There is one for each user and installed course. It listens on a socket in a folder that only its
user may enter, and ends once nobody has used it for some minutes.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from classroom.kernels.warm_server import can_fork

ROOT = Path(__file__).parents[2]
# Seconds without a client after which a server ends.
IDLE = 600


@contextmanager
def sharing(idle=IDLE):
    """Finds the server, or starts it, for a `with` in which `COURSE_WARM` names its socket.

    Does not wait until the server has imported what kernels need. One that was started before a
    file of the course was changed, or a package installed, retires. Nothing is done where kernels
    cannot be forked, `COURSE_WARM` names a server already, or there is no safe place for a socket.

    Args:
        idle: Seconds without a client after which a server that is started here ends.

    Yields:
        Path of its socket, or None.
    """
    folder = _find_folder() if can_fork() and not os.environ.get("COURSE_WARM") else None
    if folder is None:
        yield os.environ.get("COURSE_WARM")
        return
    address = folder / _fingerprint()
    with FileLock(folder / "lock"):
        _retire(*(other for other in _list_sockets(folder) if other != address))
        if not _listens(address):
            _start(address, idle)
    os.environ["COURSE_WARM"] = str(address)
    try:
        yield str(address)
    finally:
        os.environ.pop("COURSE_WARM", None)


def retire():
    """Tells the servers of this user and course to end.

    Returns:
        How many there were.
    """
    folder = _find_folder() if can_fork() else None
    if folder is None:
        return 0
    with FileLock(folder / "lock"):
        return _retire(*_list_sockets(folder))


def _find_folder():
    """Returns the folder of this user and course, or None if another user may have made it."""
    place = os.environ.get("XDG_RUNTIME_DIR", "")
    place = place if os.path.isdir(place) else tempfile.gettempdir()
    course = hashlib.sha256(f"{ROOT}\0{sys.prefix}".encode()).hexdigest()[:12]
    folder = Path(place, f"course-warm-{os.geteuid()}-{course}")
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
        if (
            about.st_uid == os.geteuid()
            and about.st_mode & 0o777 == 0o700
            and folder.is_dir()
            and not folder.is_symlink()
        ):
            return folder
    return None


def _fingerprint():
    """A name for the state of everything that a server has imported."""
    state = hashlib.sha256(f"{sys.version} {os.environ.get('KERAS_BACKEND')}".encode())
    places = [Path(place) for place in sys.path if Path(place).name == "site-packages"]
    sources = [
        path for package in ("classroom", "course_lib") for path in (ROOT / package).rglob("*.py")
    ]
    for path in [*places, *sorted(sources)]:
        about = path.stat()
        state.update(f"{path} {about.st_mtime_ns} {about.st_size}\n".encode())
    return state.hexdigest()[:16]


def _list_sockets(folder):
    return [path for path in folder.iterdir() if path.is_socket()]


def _start(address, idle):
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        subprocess.Popen(
            [sys.executable, "-m", "classroom.kernels.fork_server", address, "labs", str(idle)],
            stdin=listener,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=sys.prefix,
        )


def _listens(address):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(address)) == 0


def _retire(*addresses):
    """Tells servers to end; returns how many of them listened."""
    told = 0
    for address in addresses:
        with socket.socket(socket.AF_UNIX) as client:
            if client.connect_ex(str(address)) == 0:
                client.sendall(json.dumps({"retire": True}).encode() + b"\n")
                told += 1
            else:
                address.unlink(missing_ok=True)
    return told
