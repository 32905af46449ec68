"""Records: experiments of the lectures at full size, one line per training.

A record is the file `data/records/LECTURE.jsonl`. `course record` appends to it; it is never edited
by hand. Several processes may append at once: a lock keeps lines whole and each training single.
"""

import hashlib
import json
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

FIELDS = ("purpose", "seed", "configuration", "measures", "curve")
FIELDS += ("seconds", "machine", "versions", "date", "commit")


def folder():
    """The folder of all records: `data/records` of the course that we are in.

    Returns:
        A path: that below the working directory or a folder above it, else that of the course
        which this library belongs to.

    Raises:
        FileNotFoundError: if there is none.
    """
    here = Path.cwd()
    for place in [here, *here.parents, Path(__file__).parents[1]]:
        if (place / "data" / "records").is_dir():
            return place / "data" / "records"
    raise FileNotFoundError(
        f"No folder above {here} holds `data/records`, so there are no records to load. Start "
        "Jupyter inside the course."
    )


def load(lecture):
    """Loads a lecture's record.

    Args:
        lecture: The lecture's name with its number, such as `"13_toxicity"`.

    Returns:
        A pandas frame with a row per training. Its columns are the keys of the configurations, the
        measures' names, `curve` and `purpose`, `seed`, `seconds`, `machine`, `backend`, `date` and
        `commit`. What a training does not have is NaN.

    Raises:
        FileNotFoundError: if there is no such record.
        ValueError: if a line is damaged, with its number.
    """
    path = folder() / f"{lecture}.jsonl"
    if not path.is_file():
        raise FileNotFoundError(
            f"{lecture!r} has no record: {path} is missing. `course record {lecture}` makes it."
        )
    return pd.DataFrame([_flat(row) for row in read(path)])


def _flat(row):
    return {
        **row["configuration"],
        **row["measures"],
        **{name: row[name] for name in FIELDS if name not in ("configuration", "measures")},
        "backend": row["versions"].get("backend", ""),
    }


def read(path):
    """Reads a record's rows.

    Args:
        path: A `.jsonl` file, which may be missing.

    Returns:
        List of dictionaries with the keys `FIELDS`.

    Raises:
        ValueError: if a line is damaged, with its number.
    """
    if not path.is_file():
        return []
    rows = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1] if lines[-1] == b"" else lines, 1):
        try:
            rows.append(_complete(json.loads(line.decode(), parse_constant=_refuse)))
        except ValueError as error:
            raise ValueError(
                f"{path}, line {number} is damaged: {error} Delete that line; `course record "
                "--resume` runs its training anew."
            ) from error
    return rows


def _refuse(constant):
    raise ValueError(f"{constant} is no JSON number.")


def _complete(row):
    """The row, if it is one."""
    missing = [field for field in FIELDS if not isinstance(row, dict) or field not in row]
    if missing:
        raise ValueError(f"A row needs {', '.join(FIELDS)}, but this one lacks {missing}.")
    return row


def key(purpose, seed, configuration):
    """What tells one training from another.

    Args:
        purpose: `"trial"` or `"tuning"`.
        seed: The seed.
        configuration: The configuration, a dictionary of JSON values.

    Returns:
        A string.
    """
    return json.dumps([purpose, seed, configuration], sort_keys=True)


def key_of(row):
    """The `key` of a row."""
    return key(row["purpose"], row["seed"], row["configuration"])


def prepare(path):
    """Makes a record's folder and takes its lock once, since trainings before `append` take hours.

    Args:
        path: The `.jsonl` file, which may be missing.

    Raises:
        ValueError: if rows cannot be appended.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if path.is_file():
                path.open("ab").close()
    except OSError as error:
        raise ValueError(
            f"{path} should be a file that can be written, but: {error}. Make its folder writable."
        ) from error


@contextmanager
def claim(path, key, wait=False):
    """Claims a training for the time of a `with` statement, so that no other run begins it.

    The claim is the lock of a file beside the record, which goes when its process ends, however
    that happens; a file that is left behind claims nothing.

    Args:
        path: The `.jsonl` file.
        key: The training's `key`.
        wait: Whether to wait while another process has it.

    Yields:
        Whether the training is ours now.
    """
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    lock = FileLock(path.with_suffix(f".{name}.lock"))
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def append(path, row):
    """Appends a row to a record, unless the same training stands there already.

    Args:
        path: The `.jsonl` file, which may be missing.
        row: Dictionary with the keys `FIELDS`.

    Returns:
        Whether the row was new.

    Raises:
        ValueError: if a line of the record is damaged, or the row lacks a field.
    """
    line = json.dumps(_complete(row), ensure_ascii=False, allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if key_of(row) in {key_of(other) for other in read(path)}:
            return False
        cut = path.is_file() and path.read_bytes()[-1:] not in (b"", b"\n")
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" * cut + line + "\n")
        return True


def now():
    """The time in UTC, to the second, as records hold it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
