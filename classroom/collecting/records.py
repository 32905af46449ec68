"""What is known of a hand-in besides its files: `submitted/STUDENT/.LAB.json`."""

import json
import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """What a collection knows of a student's hand-in.

    Attributes:
        key: What the archive calls the student: a number, a user name, a folder.
        name: The student's name in the archive, or "".
        platform: Name of the learning platform, or "" for any other archive.
        handed_in: When it was handed in, in ISO format with the time zone, where the platform says
            so; else "".
        is_late: Whether the platform says that it came late.
        archived: The archive's date of the newest notebook in ISO format, which decides which of
            two archives is newer and nothing else.
        files: Paths of the files beside the notebooks.
        notebooks: Dictionary from the names of the notebooks to lists of two, their own
            `handed_in` and `archived`.
    """

    key: str
    name: str = ""
    platform: str = ""
    handed_in: str = ""
    is_late: bool = False
    archived: str = ""
    files: list[str] = field(default_factory=list)
    notebooks: dict[str, list[str]] = field(default_factory=dict)

    @property
    def time(self):
        """When it was handed in, or None."""
        return _parse(self.handed_in)

    def read_dates(self, notebook):
        """Reads when a notebook was handed in, and its date in the archive; None for neither.

        Args:
            notebook: Name of the notebook; those of the hand-in count for one that is not listed.
        """
        dates = self.notebooks.get(notebook, (self.handed_in, self.archived))
        return tuple(map(_parse, dates))


def _parse(time):
    return datetime.fromisoformat(time) if time else None


def local_to_utc(time):
    """Takes a time without a time zone as one of this machine's.

    Args:
        time: A `datetime`, or None.

    Returns:
        The time in UTC, or None.
    """
    return time and time.astimezone(timezone.utc)


def record_path(course, lab, student):
    """Returns where the record of a hand-in is."""
    return course.labs / "submitted" / student / f".{lab}.json"


def read_record(course, lab, student):
    """Returns the `Record` of a hand-in; None if there is none, or it cannot be read."""
    path = record_path(course, lab, student)
    if not path.is_file() or not path.with_name(lab).is_dir():
        return None
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
        dates = [date for name in ("", *record.notebooks) for date in record.read_dates(name)]
        return record if all(date is None or date.tzinfo for date in dates) else None
    except Exception as error:  # whatever a damaged file raises
        log.warning("%s cannot be read: %r. Collect the archive again.", path, error)
        return None


def other_records(course, lab, student):
    """Returns the `Record`s of a student's hand-ins of other labs."""
    paths = (course.labs / "submitted" / student).glob(".*.json")
    labs = {path.name[1 : -len(".json")] for path in paths} - {lab}
    return list(filter(None, (read_record(course, other, student) for other in sorted(labs))))


def write_record(course, lab, student, record):
    """Replaces a `Record`, whole or not at all."""
    path = record_path(course, lab, student)
    new = path.with_suffix(".new")
    new.write_bytes(json.dumps(asdict(record), ensure_ascii=False, indent=1).encode())
    new.replace(path)
