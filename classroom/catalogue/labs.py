"""Which labs there are, with their points and variants."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Lab:
    """One lab.

    Attributes:
        name: Its name.
        points: Dictionary from each test cell's name to its points.
        variants: The scripts of its variants, by name.
    """

    name: str
    points: dict
    variants: list


def list_labs(course):
    """Lists the labs of a course.

    Args:
        course: A `Course`.

    Returns:
        List of `Lab`s by name.

    Raises:
        ValueError: if one of them is no notebook, with its path.
    """
    return [
        Lab(name, read_points(course, name), variant_paths(course, name))
        for name in course.lab_names()
    ]


def name_cell(notebooks, notebook, cell):
    """Names a cell, so that no other of its lab is called the same.

    Args:
        notebooks: The lab's notebooks, of any kind.
        notebook: Name of the cell's notebook.
        cell: The name that nbgrader has for the cell, which another notebook's may have too.

    Returns:
        `CELL` in a lab of one notebook, else `NOTEBOOK/CELL`.
    """
    return cell if len(notebooks) == 1 else f"{notebook}/{cell}"


def read_points(course, lab):
    """Returns a dictionary from the name of each test cell of a lab to its points.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Raises:
        ValueError: for an unknown lab, or if one of its notebooks is none, or has a cell that lacks
            what nbgrader asks for, with path and cell.
    """
    names = course.notebook_names(lab)
    return {
        name_cell(names, name, cell): worth
        for name in names
        for cell, worth in points(_read(course.source(lab, name))).items()
    }


def _read(path):
    # As plain JSON, since the import of nbformat takes longer than all labs.
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [{"metadata": cell["metadata"]} for cell in notebook["cells"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no notebook: {error}") from error
    _refuse_omissions(path, [cell["metadata"].get("nbgrader", {}) for cell in cells])
    return {"cells": cells}


def _refuse_omissions(path, cells):
    """Raises what nbgrader's metadata of a lab's cells lack, with the cell's number or name."""
    names = set()
    for number, about in enumerate(cells, 1):
        if not any(about.get(kind) for kind in ("grade", "solution", "locked", "task")):
            continue
        name = about.get("grade_id")
        if not name or name in names:
            lack = f"has the name {name!r} of another cell" if name else "has no `grade_id`"
            raise ValueError(
                f"{path}: cell {number} {lack}. Give it a name of its own in nbgrader's metadata; "
                "CONTRIBUTING.md shows them."
            )
        names.add(name)
        if (about.get("grade") or about.get("task")) and not _is_number(about.get("points")):
            raise ValueError(
                f"{path}: the graded cell {name!r} has no number of `points` in nbgrader's "
                f"metadata, but {about.get('points')!r}."
            )


def _is_number(points):
    try:
        return float(points) >= 0
    except (TypeError, ValueError):
        return False


def points(notebook):
    """Returns a dictionary from each test cell's name to its points.

    Args:
        notebook: The lab, as `nbformat` or `json` reads it.
    """
    graded = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
    return {
        about["grade_id"]: float(about["points"])
        for about in graded
        if about.get("grade") and not about.get("solution")
    }


def variant_paths(course, lab):
    """Lists the scripts of a lab's variants, by name."""
    return sorted((course.labs / "variants" / lab).glob("*.py"))
