"""What became of each submission when it was last graded: a file each in `labs/outcomes/`."""

import json
import logging
from dataclasses import asdict, dataclass, field, replace

from classroom.cleaning import clean_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CellOutcome:
    """What became of a graded cell.

    Attributes:
        seconds: Time that it took.
        reason: Why points were lost, in words that a student may read, or "".
        judged: Whether its points are the judge's; else they are what the student's kernel said.
    """

    seconds: float
    reason: str
    judged: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of a submission.

    Attributes:
        student: Identifier of the student.
        fault: Why it could not be graded, or "".
        seconds: Time that its notebook ran.
        submission: Checksum of what was handed in.
        lab: Checksum of the lab, its checks and the course's version.
        notes: What was odd and how it was mended, in words that a student may read.
        hints: What its code holds that a person should look at, in words, the heaviest first.
        cells: Dictionary from the names of the graded cells to their `CellOutcome`s.
        graded: When it was graded, in ISO 8601, or "".
        answers: Dictionary from the cells that the student filled in to checksums of what is there.
        earlier: Dictionary from the cells to which a person gave points or a comment, but for an
            answer that has been replaced since, to that comment, or "".
    """

    student: str
    fault: str
    seconds: float
    submission: str
    lab: str
    notes: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    cells: dict[str, CellOutcome] = field(default_factory=dict)
    graded: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)


def read(course, lab, student):
    """Returns the `Outcome` of a submission's last grading, or None.

    A file that is damaged or of another version is logged, and counts for nothing: the submission
    is graded again.
    """
    path = _path(course, lab, student)
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        for name in ("notes", "hints"):
            stored[name] = list(map(clean_text, stored[name]))
        stored["fault"] = clean_text(stored["fault"])
        cells = {name: CellOutcome(**cell) for name, cell in stored.pop("cells").items()}
        cells = {name: replace(c, reason=clean_text(c.reason)) for name, c in cells.items()}
        return Outcome(**stored, cells=cells)
    except Exception as error:  # whatever a damaged file raises
        log.warning("%s cannot be read: %r. Run `course grade %s` again.", path, error, lab)
        return None


def read_all(course, lab):
    """Returns the `Outcome`s of a lab, by student."""
    paths = sorted(_path(course, lab, "").parent.glob("*.json"))
    return list(filter(None, (read(course, lab, path.stem) for path in paths)))


def write(course, lab, outcome):
    """Replaces an `Outcome`, whole or not at all."""
    path = _path(course, lab, outcome.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(outcome), indent=2), encoding="utf-8")
    new.replace(path)


def _path(course, lab, student):
    return course.labs / "outcomes" / lab / f"{student}.json"
