"""What a lab and its questions are called in the lab's notebook."""

import json
import re
from typing import NamedTuple

from classroom.catalogue.labs import name_cell
from classroom.cleaning import clean_line
from classroom.results.questions import question_of

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
# "(5 points)": the points stand beside it.
_POINTS = re.compile(r"\s*\(\d+([.,]\d+)? (points?|Punkte?)\)$")
LONGEST = 200


class Titles(NamedTuple):
    """Titles from a lab's notebook.

    Attributes:
        lab: The lab's title, or "".
        questions: Dictionary from questions to their titles; those without a heading have none.
    """

    lab: str
    questions: dict[str, str]


def read_titles(course, lab):
    """Reads the headings of a lab's notebooks.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        `Titles`. A question's title is the last heading above its first cell, but the lab's own.

    Raises:
        ValueError: for an unknown lab.
    """
    title, questions, names = "", {}, course.notebook_names(lab)
    for name in names:
        cells = json.loads(course.source(lab, name).read_text(encoding="utf-8"))["cells"]
        own, headings = _read_headings(cells)
        title = title or own
        questions |= {
            question_of(name_cell(names, name, cell)): heading
            for cell, heading in reversed(headings)
            if heading
        }
    return Titles(title, questions)


def _read_headings(cells):
    """Returns a notebook's title, and pairs of its graded cells and the headings above them."""
    title, heading, found = "", "", []
    for cell in cells:
        source = "".join(cell["source"])
        about = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "markdown" and not about.get("solution"):
            for marks, text in _HEADING.findall(_FENCE.sub("", source)):
                text = _POINTS.sub("", clean_line(re.sub(r"[*`]", "", text), LONGEST))
                if len(marks) == 1 and not title:
                    title = text
                else:
                    heading = text
        if about.get("solution") or about.get("grade"):
            found.append((about["grade_id"], heading))
    return title, found
