"""Which lab a notebook is of, by its cells."""

import json
import re
from collections import Counter

# Names of cells, nbgrader's and Jupyter's, and what is defined. They are read from the file's text,
# so that a damaged notebook still says which lab it is of.
_MARK = re.compile(r'"(?:grade_id|id)"\s*:\s*"([^"\\]{1,100})"')
_DEFINITION = re.compile(r'(?:"|\\n)(?:async +)?(?:def|class) +(\w{1,100})')


def read_marks(content):
    """Reads what tells one lab's notebook from another's.

    Args:
        content: The file's bytes, whatever they hold.

    Returns:
        Set of names of cells and of what they define.
    """
    text = content.decode(json.detect_encoding(content), "replace")
    return {*_MARK.findall(text), *(f"def {name}" for name in _DEFINITION.findall(text))}


class Labs:
    """What is each lab's own among the labs of a course.

    Args:
        course: A `Course`.
    """

    def __init__(self, course):
        marks = {}
        for path in sorted(course.labs.glob("source/*/*.ipynb")):
            marks.setdefault(path.parent.name, set()).update(read_marks(path.read_bytes()))
        counts = Counter(mark for found in marks.values() for mark in found)
        self._own = {
            lab: {mark for mark in found if counts[mark] == 1} for lab, found in marks.items()
        }

    def count(self, content):
        """Counts a notebook's cells of each lab.

        Args:
            content: The notebook's bytes.

        Returns:
            `Counter` of labs; of those that share all their cells, none counts.
        """
        marks = read_marks(content)
        return Counter({lab: len(own & marks) for lab, own in self._own.items() if own & marks})
