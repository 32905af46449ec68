"""nbgrader's `SaveAutoGrades` for all cells of a notebook at once.

nbgrader finds, changes and commits the grade and the comment of each cell by itself, with some
sixty statements a submission. What it makes of a cell stays its own.
"""

from types import SimpleNamespace

from nbgrader.api import BaseCell, Comment, Grade
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from classroom.compat.gradebook import Gradebook


class SaveAllGrades(SaveAutoGrades):
    """Saves the grades and comments of a notebook in one transaction."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        self.notebook_id, self.assignment_id = about["notebook"], about["assignment"]
        self.student_id = about["student"]
        with Gradebook(about["db_url"]) as gradebook:
            self.gradebook = _Found(gradebook, about)
            nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
            gradebook.db.commit()
        return nb, resources


class _Found:
    """What `SaveAutoGrades` asks a gradebook for, found before it asks."""

    def __init__(self, gradebook, about):
        notebook = gradebook.find_submission_notebook(
            about["notebook"], about["assignment"], about["student"]
        )
        self.gradebook = gradebook
        self.grades, self.comments = (
            dict(
                gradebook.db.query(BaseCell.name, table)
                .select_from(table)
                .join(BaseCell, BaseCell.id == table.cell_id)
                .filter(table.notebook_id == notebook.id)
                .all()
            )
            for table in (Grade, Comment)
        )
        self.db = SimpleNamespace(commit=lambda: None)

    def find_grade(self, cell, *place):
        return self.grades.get(cell) or self.gradebook.find_grade(cell, *place)

    def find_comment(self, cell, *place):
        return self.comments.get(cell) or self.gradebook.find_comment(cell, *place)
