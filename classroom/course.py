"""Where the parts of a course lie, and nbgrader's configuration."""

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from unittest import mock

from traitlets.config import PyFileConfigLoader

CONFIGURATION = "nbgrader_config.py"


@dataclass(frozen=True)
class Course:
    """A course's folders.

    Attributes:
        root: The folder that holds `notebooks/` and `labs/`. `labs/` is an ordinary nbgrader
            course. An nbgrader course of its own, without lectures, is its own `labs/`.
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
            if (folder / "labs" / CONFIGURATION).is_file():
                return cls(folder)
            if (folder / CONFIGURATION).is_file() and folder.name != "labs":
                return cls(folder)
        raise ValueError(
            f"{start} is in no course: no folder above it holds `labs/{CONFIGURATION}`, and none "
            f"is nbgrader's, with `{CONFIGURATION}`. Say where the course is with --course."
        )

    @property
    def notebooks(self):
        return self.root / "notebooks"

    @property
    def labs(self):
        """The nbgrader course."""
        return self.root if (self.root / CONFIGURATION).is_file() else self.root / "labs"

    @property
    def build(self):
        """Everything that can be made again."""
        return self.root / "build"

    @cached_property
    def config(self):
        """nbgrader's configuration, from `labs/nbgrader_config.py`."""
        # It also sets what the kernels of plain nbgrader read.
        with mock.patch.dict(os.environ):
            config = PyFileConfigLoader(CONFIGURATION, path=str(self.labs)).load_config()
        config.CourseDirectory.root = str(self.labs)
        # nbgrader, which is called in the course's folder, opens these from where it is called.
        for part, path in config.IncludeHeaderFooter.items():
            if part in ("header", "footer") and path:
                config.IncludeHeaderFooter[part] = str(self.labs / path)
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
            if (self.labs / name).exists():
                shutil.copytree(self.labs / name, root / "labs" / name, dirs_exist_ok=True)
        shutil.copy(self.labs / CONFIGURATION, root / "labs")
        if (times := self.build / "reference").exists():
            shutil.copytree(times, root / "build" / "reference", dirs_exist_ok=True)
        return Course(root)

    def lab_names(self):
        """Returns the names of all labs, sorted: the folders of `source/` that hold notebooks."""
        return sorted({notebook.parent.name for notebook in self.labs.glob("source/*/*.ipynb")})

    def notebook_names(self, lab):
        """Returns the names of a lab's notebooks, sorted; most labs have one, named as they are.

        Raises:
            ValueError: for an unknown lab.
        """
        if lab not in self.lab_names():
            raise ValueError(
                f"No lab is called {lab!r}. There are: {', '.join(self.lab_names()) or 'none'}."
            )
        return sorted(path.stem for path in (self.labs / "source" / lab).glob("*.ipynb"))

    def source(self, lab, notebook=None):
        """Returns where a lab's notebook is with solutions and hidden checks.

        Args:
            lab: Name of the lab.
            notebook: Name of the notebook; the first, mostly the only one, if None.

        Raises:
            ValueError: for an unknown lab.
        """
        notebook = notebook or self.notebook_names(lab)[0]
        return self.labs / "source" / lab / f"{notebook}.ipynb"

    def released(self, lab, notebook=None):
        """Returns where a lab's notebook is as students get it; arguments as for `source`."""
        return self.labs / "release" / lab / self.source(lab, notebook).name

    def checks(self, lab):
        """Returns where a lab's hidden checks are; labs may have none."""
        return self.labs / "checks" / f"{lab}.py"

    def directory(self, lab, student="*"):
        """Returns nbgrader's `CourseDirectory` for a lab, and for one student where named."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.config, assignment_id=lab, student_id=student)

    def gradebook(self, lab):
        """Opens nbgrader's gradebook, at the configuration's `db_url`, for a `with`."""
        from classroom.compat.gradebook import Gradebook

        directory = self.directory(lab)
        return Gradebook(directory.db_url, directory.course_id)
