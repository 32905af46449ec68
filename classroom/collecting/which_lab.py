"""Which lab a notebook is of, and which of its notebooks, by its cells."""

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
    """What is each lab's own among the labs of a course, and each notebook's own among all.

    Args:
        course: A `Course`.
    """

    def __init__(self, course):
        notebooks, labs = {}, {}
        for path in sorted(course.labs.glob("source/*/*.ipynb")):
            marks = read_marks(path.read_bytes())
            notebooks[path.parent.name, path.stem] = marks
            labs.setdefault(path.parent.name, set()).update(marks)
        self._own, self._own_of_notebooks = _keep_own(labs), _keep_own(notebooks)

    def count(self, content):
        """Counts a notebook's cells of each lab.

        Args:
            content: The notebook's bytes.

        Returns:
            `Counter` of labs; of those that share all their cells, none counts.
        """
        marks = read_marks(content)
        return Counter({lab: len(own & marks) for lab, own in self._own.items() if own & marks})

    def find_notebook(self, lab, content):
        """Finds out which of a lab's notebooks one is.

        Args:
            lab: Name of the lab.
            content: The notebook's bytes.

        Returns:
            Name of the lab's notebook that has most cells of its own there; None if none has any,
            or several have as many.
        """
        marks = read_marks(content)
        counts = Counter(
            {
                name: len(own & marks)
                for (of, name), own in self._own_of_notebooks.items()
                if of == lab
            }
        )
        (name, most), (_, second) = [*counts.most_common(2), (None, 0)][:2]
        return name if most > second else None


def _keep_own(marks):
    """Leaves of each set of a dictionary what no other has."""
    counts = Counter(mark for found in marks.values() for mark in found)
    return {name: {mark for mark in found if counts[mark] == 1} for name, found in marks.items()}
