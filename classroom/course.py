"""Where the parts of a course lie, and nbgrader's configuration."""

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from unittest import mock

from traitlets.config import PyFileConfigLoader


@dataclass(frozen=True)
class Course:
    """A course's folders.

    Attributes:
        root: The folder that holds `notebooks/` and `labs/`. `labs/` is an ordinary nbgrader
            course.
    """

    root: Path

    @classmethod
    def find(cls, start="."):
        """Finds the course that a folder belongs to.

        Args:
            start: A folder in the course, or the course itself.

        Returns:
            A `Course`.

        Raises:
            ValueError: if neither the folder nor one above it is a course.
        """
        start = Path(start).resolve()
        for folder in [start, *start.parents]:
            if (folder / "labs" / "nbgrader_config.py").is_file():
                return cls(folder)
        raise ValueError(
            f"{start} is in no course: no folder above it holds `labs/nbgrader_config.py`. "
            "Say where the course is with --course."
        )

    @property
    def notebooks(self):
        return self.root / "notebooks"

    @property
    def labs(self):
        return self.root / "labs"

    @property
    def build(self):
        """Everything that can be made again."""
        return self.root / "build"

    @cached_property
    def config(self):
        """nbgrader's configuration, from `labs/nbgrader_config.py`."""
        # It also sets what the kernels of plain nbgrader read.
        with mock.patch.dict(os.environ):
            config = PyFileConfigLoader("nbgrader_config.py", path=str(self.labs)).load_config()
        config.CourseDirectory.root = str(self.labs)
        return config

    def copy(self, root):
        """Copies what grading needs: labs, checks, variants and the configuration.

        Args:
            root: The folder, which may exist.

        Returns:
            The `Course` there, without submissions or gradebook.
        """
        (root / "notebooks").mkdir(parents=True, exist_ok=True)
        for name in ("source", "checks", "variants"):
            shutil.copytree(self.labs / name, root / "labs" / name, dirs_exist_ok=True)
        shutil.copy(self.labs / "nbgrader_config.py", root / "labs")
        return Course(root)

    def lab_names(self):
        """Returns the names of all labs, sorted."""
        return sorted(notebook.stem for notebook in self.labs.glob("source/*/*.ipynb"))

    def source(self, lab):
        """Returns a lab's notebook with solutions and hidden checks.

        Raises:
            ValueError: for an unknown lab.
        """
        if lab not in self.lab_names():
            raise ValueError(
                f"No lab is called {lab!r}. There are: {', '.join(self.lab_names()) or 'none'}."
            )
        return self.labs / "source" / lab / f"{lab}.ipynb"

    def released(self, lab):
        """Returns where a lab's notebook is as students get it."""
        return self.labs / "release" / lab / f"{lab}.ipynb"

    def directory(self, lab, student="*"):
        """Returns nbgrader's `CourseDirectory` for a lab, and for one student where named."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.config, assignment_id=lab, student_id=student)

    def gradebook(self, lab):
        """Opens nbgrader's gradebook, at the configuration's `db_url`, for a `with`."""
        from classroom.compat.gradebook import Gradebook

        directory = self.directory(lab)
        return Gradebook(directory.db_url, directory.course_id)
