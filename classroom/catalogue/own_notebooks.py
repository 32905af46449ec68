"""A student's own notebooks: which file is meant, and which lab it is."""

import json
from pathlib import Path

ENDING = ".ipynb"


def find_notebook(name, course=None):
    """Finds the notebook that a student means.

    Args:
        name: Its path; or the name of a lab, or of a lab's notebook, that lies in the course.
        course: The `Course`, or None.

    Returns:
        The path of a file.

    Raises:
        ValueError: if there is no such file, or it is no notebook; the message says what to do.
    """
    path, lab = Path(name), Path(name).name.removesuffix(ENDING)
    if not path.exists() and path.name == str(name) and course is not None:
        path = course.labs / lab / f"{lab}{ENDING}"
    if path.is_file() and path.suffix.lower() == ENDING:
        return path
    held = sorted(path.glob(f"*{ENDING}"))
    if path.is_dir():
        trouble = f"is a folder{'' if held else ' without notebooks'}"
    else:
        trouble = f"is no notebook (*{ENDING})" if path.exists() else "does not exist"
    if not held and course is not None:
        held = sorted(course.labs.glob(f"*/*{ENDING}"))
    named = f", for example {held[0]}" if held else f", a file that ends in {ENDING}"
    raise ValueError(f"{name} {trouble}. Name your notebook{named}.")


def find_lab(path, course):
    """Finds which lab a notebook is, by its cells.

    Args:
        path: The notebook, in whatever state.
        course: The `Course`, whose labs were released.

    Returns:
        Name of the lab that has most of its cells there, and more than half of them, or some if
        the file is called like the lab; None if there is none.
    """
    released = {path.stem: _marks(path) for path in course.labs.glob(f"release/*/*{ENDING}")}
    found = _marks(path)
    shares = {lab: len(marks & found) / len(marks) for lab, marks in released.items() if marks}
    named = [lab for lab in shares if path.name.startswith(lab)]
    if not found:  # too damaged to tell
        return max(named, key=len, default=None)
    lab = max(shares, key=shares.get, default=None)
    enough = lab and (shares[lab] > 1 / 2 or (lab in named and shares[lab] > 0))
    return lab if enough else None


def _marks(path):
    """What tells a lab's cells from others: names that nbgrader has for them."""
    # As plain JSON, since the import of nbformat takes longer.
    try:
        cells = json.loads(path.read_bytes())["cells"]
        abouts = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        return {str(about["grade_id"]) for about in abouts if "grade_id" in about}
    except (AttributeError, KeyError, TypeError, ValueError):
        return set()
