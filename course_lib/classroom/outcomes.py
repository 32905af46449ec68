"""What became of each submission when it was last graded: a file each in `labs/outcomes/`."""

import json
from dataclasses import asdict, dataclass, field, fields


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
    """

    student: str
    fault: str
    seconds: float
    submission: str
    lab: str
    notes: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    cells: dict[str, CellOutcome] = field(default_factory=dict)


def read(course, lab, student):
    """Returns the `Outcome` of a submission's last grading, or None.

    Files of other versions are read too: what they lack is empty, what is unknown is left out.
    Hints were once called suspicions.
    """
    path = _path(course, lab, student)
    if not path.exists():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    names = {one.name for one in fields(Outcome)}
    known = {name: value for name, value in stored.items() if name in names}
    known.setdefault("hints", stored.get("suspicions", []))
    known["cells"] = {
        name: CellOutcome(
            cell.get("seconds", 0.0), cell.get("reason", ""), cell.get("judged", True)
        )
        for name, cell in known.get("cells", {}).items()
    }
    nothing = {"student": student, "fault": "", "seconds": 0.0, "submission": "", "lab": ""}
    return Outcome(**nothing | known)


def read_all(course, lab):
    """Returns the `Outcome`s of a lab, by student."""
    return [
        read(course, lab, path.stem)
        for path in sorted(_path(course, lab, "").parent.glob("*.json"))
    ]


def write(course, lab, outcome):
    """Replaces an `Outcome`, whole or not at all."""
    path = _path(course, lab, outcome.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(outcome), indent=2), encoding="utf-8")
    new.replace(path)


def _path(course, lab, student):
    return course.labs / "outcomes" / lab / f"{student}.json"
