"""What became of each submission when it was last graded: a file each in `labs/outcomes/`."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of a submission.

    Attributes:
        student: Identifier of the student.
        fault: Why it could not be graded, or "".
        seconds: Time that its notebook ran.
        submission: Checksum of what was handed in.
        lab: Checksum of the lab and its checks.
    """

    student: str
    fault: str
    seconds: float
    submission: str
    lab: str


def read(course, lab, student):
    """Returns the `Outcome` of a submission's last grading, or None."""
    path = _path(course, lab, student)
    return Outcome(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


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
