"""nbgrader's autograding, cut in two where the notebook runs.

Configuration, gradebook and labs stay nbgrader's: what `c.Autograde` names is done here too.
"""

import logging
from contextlib import contextmanager
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, Execute, IgnorePattern, SaveAutoGrades
from nbgrader.utils import determine_grade, find_all_files
from traitlets import TraitError

from classroom.compat.gradebook import Gradebook
from classroom.compat.save_grades import SaveAllGrades

log = logging.getLogger(__name__)

# Workers execute, and the cells that nbgrader knows, with their metadata, are the release's.
LEFT_OUT = (Execute, CheckCellMetadata)


class NbgraderSteps:
    """What nbgrader does with a submission of a lab before and after its notebook runs.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Raises:
        ValueError: if nbgrader does not take what the configuration says.
    """

    def __init__(self, course, lab):
        self.lab, self.directory = lab, course.directory(lab)
        try:
            self.converter = Autograde(coursedir=self.directory, config=course.config, log=log)
            self.before = self._make(self.converter.sanitize_preprocessors)
            self.after = self._make(self.converter.autograde_preprocessors)
        except TraitError as error:
            raise ValueError(
                f"nbgrader does not take what {course.labs / 'nbgrader_config.py'} says: {error}. "
                "Mend it and grade again."
            ) from error
        # Names of the lab's files that do not replace what a student handed in.
        self.kept = self.converter.exclude_overwriting.get(lab, [])

    def _make(self, steps):
        steps = [SaveAllGrades if step is SaveAutoGrades else step for step in steps]
        return [step(parent=self.converter) for step in steps if step not in LEFT_OUT]

    def sanitize(self, notebook, name):
        """Restores the cells of a released notebook as the gradebook holds them."""
        return self._apply(self.before, notebook, name, "")

    def save(self, notebook, name, student):
        """Writes the scores of an executed notebook to the gradebook.

        Args:
            notebook: The notebook.
            name: Its name.
            student: Identifier of the student, whose submission the gradebook has.

        Returns:
            The notebook as nbgrader keeps it.
        """
        return self._apply(self.after, notebook, name, student)

    def read_score(self, cell):
        """Reads the score of an executed cell, None if a person has to grade it."""
        for step in self.after:
            if isinstance(step, IgnorePattern) and step.enabled:
                cell, _ = step.preprocess_cell(cell, {}, 0)
        return determine_grade(cell, log)[0]

    @contextmanager
    def gradebook_kept_open(self):
        """Keeps the gradebook's file open for a `with`, in which many submissions are saved.

        SQLite tidies up each time when the last connection to a file is closed, and nbgrader closes
        its own several times a submission.
        """
        about = self.directory.db_url, self.directory.course_id
        with Gradebook(*about) as gradebook, gradebook.engine.connect():
            yield

    def list_files(self, folder):
        """Lists the files that nbgrader takes besides notebooks.

        Args:
            folder: The folder that was handed in, or the lab's.

        Returns:
            Set of paths.
        """
        found = find_all_files(str(folder), [*self.directory.ignore, "*.ipynb"])
        return set(map(Path, found))

    def _apply(self, steps, notebook, name, student):
        resources = {
            "unique_key": name,
            "metadata": {"path": ""},
            "nbgrader": {
                "student": student,
                "assignment": self.lab,
                "notebook": name,
                "db_url": self.directory.db_url,
            },
        }
        for step in steps:
            notebook, resources = step(notebook, resources)
        return notebook
