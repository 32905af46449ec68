"""Which lectures there are, in their order."""

import json
from dataclasses import dataclass
from pathlib import Path

from classroom.catalogue.turns import turns


@dataclass(frozen=True)
class Lecture:
    """One lecture notebook.

    Attributes:
        path: The notebook.
        title: Its first heading.
        minutes: How long it takes in class.
        prerequisites: Names of the lectures that it builds on.
        steps: Number of cells that a run executes, papermill's parameters included.
    """

    path: Path
    title: str
    minutes: int
    prerequisites: list[str]
    steps: int

    @property
    def name(self):
        return self.path.stem


def list_lectures(course):
    """Lists the lectures of a course: its notebooks whose names begin with a number.

    Args:
        course: A `Course`.

    Returns:
        List of `Lecture`s in their order.

    Raises:
        ValueError: if one of them is no lecture, with its path and what is wrong.
    """
    return [_read(path) for path in sorted(course.notebooks.glob("[0-9][0-9]_*.ipynb"))]


def _read(path):
    # As plain JSON, since the import of nbformat takes longer than all lectures.
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells, about = notebook["cells"], notebook["metadata"].get("course", {})
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        code = [cell["metadata"] for cell in cells if cell["cell_type"] == "code"]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no notebook: {error}") from error
    if missing := {"minutes", "prerequisites"} - set(about):
        raise ValueError(
            f'{path}: its metadata lack {sorted(missing)}. They should hold "course": '
            '{"minutes": 75, "prerequisites": []}.'
        )
    title = "".join(texts[:1]).partition("\n")[0].strip("# ")
    if not title:
        raise ValueError(f"{path}: its first Markdown cell should begin with the title: # Title")
    try:
        exercises = turns(cells)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    # papermill adds one cell, and each exercise is checked twice.
    steps = 1 + len(code) + len(exercises)
    return Lecture(path, title, about["minutes"], about["prerequisites"], steps)


def named(course, names=None):
    """Picks lectures.

    Args:
        course: A `Course`.
        names: Parts of lectures' names; all lectures if none.

    Returns:
        List of `Lecture`.

    Raises:
        ValueError: if a part fits no lecture.
    """
    lectures = list_lectures(course)
    for name in names or []:
        if not any(name in lecture.name for lecture in lectures):
            raise ValueError(f"No lecture's name holds {name!r}. See `course lectures list`.")
    return [
        lecture for lecture in lectures if not names or any(name in lecture.name for name in names)
    ]


def find(course, name):
    """Finds one lecture.

    Args:
        course: A `Course`.
        name: The lecture's name, its number, or a part of its name that fits no other.

    Returns:
        A `Lecture`.

    Raises:
        ValueError: if no lecture fits, or more than one.
    """
    lectures = list_lectures(course)
    exact = [lec for lec in lectures if name == lec.name or name.zfill(2) == lec.name[:2]]
    found = exact or [lec for lec in lectures if name in lec.name]
    if len(found) != 1:
        fits = ", ".join(lec.name for lec in found) or "none"
        raise ValueError(
            f"{name!r} should fit one lecture, but fits {fits}. `course lectures list` shows all."
        )
    return found[0]
