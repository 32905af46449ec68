"""A student's own notebooks: which file is meant, and which notebook of which lab it is."""

import json
from pathlib import Path

ENDING = ".ipynb"


def find_notebook(name, course=None):
    """Finds the notebook that a student means.

    Args:
        name: Its path; or the name of a lab's notebook that lies in the course, or of a lab that
            has one notebook there.
        course: The `Course`, or None.

    Returns:
        The path of a file.

    Raises:
        ValueError: if there is no such file, there are several, or it is no notebook; the message
            says what to do.
    """
    path = Path(name)
    if not path.exists() and path.name == str(name) and course is not None:
        own, stem = sorted(course.labs.glob(f"*/*{ENDING}")), path.name.removesuffix(ENDING)
        meant = [p for p in own if p.stem == stem] or [p for p in own if p.parent.name == stem]
        if len(meant) > 1:
            raise ValueError(f"{name} may be {' or '.join(map(str, meant))}. Name one of them.")
        path = meant[0] if meant else path
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


def find_original(path, course):
    """Finds which notebook of which lab a student's notebook is, by its cells.

    Args:
        path: The notebook, in whatever state.
        course: The `Course`, whose labs were released.

    Returns:
        Path of the notebook as it was given out, `release/LAB/NOTEBOOK.ipynb`: the one of which
        most cells are there, and more than half of them, or some if the file is called like it. Of
        those that have the same cells, it is the one that the file, then its folder, is called
        like. None if there is none.
    """
    released = {original: _marks(original) for original in course.labs.glob(f"release/*/*{ENDING}")}
    found = _marks(path)

    def rank(original):
        marks, is_named = released[original], path.name.startswith(original.stem)
        share = len(marks & found) / len(marks) if marks else 0
        is_in_folder = path.absolute().parent.name == original.parent.name
        return share, is_named, len(original.stem) * is_named, is_in_folder

    original = max(released, key=rank, default=None)
    if original is None:
        return None
    share, is_named, *_ = rank(original)
    is_enough = share > 1 / 2 or (is_named and (share > 0 or not found))  # too damaged to tell
    return original if is_enough else None


def _marks(path):
    """What tells a lab's cells from others: names that nbgrader has for them."""
    # As plain JSON, since the import of nbformat takes longer.
    try:
        cells = json.loads(path.read_bytes())["cells"]
        abouts = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        return {str(about["grade_id"]) for about in abouts if "grade_id" in about}
    except (AttributeError, KeyError, TypeError, ValueError):
        return set()
