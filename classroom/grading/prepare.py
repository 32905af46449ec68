"""Preparing submissions: from what a student handed in to a notebook that can be run.

What depends on the lab alone is made once for a class: its cells with their hidden checks, and the
files beside them.
"""

import hashlib
import tempfile
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbgrader.utils import is_solution

from classroom.catalogue.labs import name_cell
from classroom.checks.examine import examine
from classroom.course import Course
from classroom.grading.attempt import Attempt
from classroom.grading.gradebook.nbgrader_steps import NbgraderSteps
from classroom.results import outcomes
from classroom.running.graded_cells import find_checks
from classroom.submissions import repair
from classroom.submissions.hints import find_hints, in_words, read_lectures

# Bytes of the files that a student may hand in beside the notebook.
LARGEST_FILES = 50_000_000


@dataclass(frozen=True)
class Lab:
    """A lab whose submissions are graded, read once for a class.

    Attributes:
        course: The `Course`.
        name: Name of the lab.
    """

    course: Course
    name: str

    @cached_property
    def notebooks(self):
        """Names of its notebooks."""
        return self.course.notebook_names(self.name)

    def name_cell(self, notebook, cell):
        """Names a cell of one of its notebooks, see `catalogue.labs`."""
        return name_cell(self.notebooks, notebook, cell)

    def say(self, notebook, words):
        """Adds to words which of its notebooks they are about, if there are several."""
        return words if len(self.notebooks) == 1 else f"{notebook}: {words}"

    @cached_property
    def checks(self):
        """Source of its hidden checks.

        Raises:
            ValueError: if they cannot be used, or a cell calls one that there is not.
        """
        path = self.course.checks(self.name)
        source, known = examine(path)
        for name, notebook in self.sources.items():
            for cell in notebook.cells:
                for task, _ in find_checks(cell):
                    if task not in known:
                        raise ValueError(
                            f"The cell {cell.metadata.nbgrader.grade_id!r} of {name} calls the "
                            f"check of {task!r}, which {path} lacks. There are: "
                            f"{', '.join(known) or 'none'}."
                        )
        return source

    @cached_property
    def sources(self):
        """Dictionary from the names of its notebooks to these with solutions and checks."""
        return {name: _read(self.course.source(self.name, name)) for name in self.notebooks}

    @cached_property
    def released(self):
        """Dictionary from the names of its notebooks to these as students got them.

        Raises:
            ValueError: if one is missing.
        """
        paths = {name: self.course.released(self.name, name) for name in self.notebooks}
        for path in paths.values():
            if not path.exists():
                raise ValueError(f"{path} is missing; run `course labs release {self.name}` first.")
        return {name: _read(path) for name, path in paths.items()}

    @cached_property
    def original(self):
        """The same as nbgrader grades them, with the hidden checks that the gradebook holds."""
        return {
            name: self.steps.sanitize(deepcopy(notebook), name)
            for name, notebook in self.released.items()
        }

    @cached_property
    def steps(self):
        """What nbgrader itself does with a submission."""
        return NbgraderSteps(self.course, self.name)

    @cached_property
    def files(self):
        """Its files beside the notebooks that replace those which a student handed in."""
        files = self.read_files(self.course.source(self.name).parent)
        return {name: content for name, content in files.items() if name not in self.steps.kept}

    def read_files(self, folder):
        """Reads the files in a folder that nbgrader takes besides notebooks.

        Args:
            folder: The folder.

        Returns:
            Dictionary from their relative paths to their contents.

        Raises:
            SubmissionError: if they are too large.
        """
        taken = self.steps.list_files(folder)
        paths = [path for path in repair.list_files(folder) if path in taken]
        size = sum(path.stat().st_size for path in paths)
        if size > LARGEST_FILES:
            raise repair.SubmissionError(
                f"The files beside the notebook have {size:,} bytes, allowed are {LARGEST_FILES:,}."
            )
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    @cached_property
    def lectures(self):
        """The course's lectures, as `find_hints` compares answers with them."""
        return read_lectures(self.course)

    def load(self):
        """Reads what all submissions need, so that trouble with the lab stops the class at once."""
        return self.original, self.files, self.lectures

    @cached_property
    def checksum(self):
        """Checksum of all that scores depend on besides what is handed in.

        The lab's cells are those of its release, as the gradebook holds them: the source may have
        changed since.
        """
        notebooks = map(nbformat.writes, self.original.values())
        parts = [version("course-lib"), *notebooks, self.checks, *self.files]
        contents = [*(part.encode() for part in parts), *self.files.values()]
        hashes = "".join(hashlib.sha256(content).hexdigest() for content in contents)
        return hashlib.sha256(hashes.encode()).hexdigest()


def find_waiting(lab, force=False, retry=True):
    """Finds the submissions that are new or changed, or of a lab that has changed.

    Args:
        lab: A `Lab`.
        force: Whether to find all others too.
        retry: Whether to find those too that could not be graded.

    Returns:
        List of `Attempt`s, the first last.
    """
    waiting = []
    for folder in sorted(lab.course.labs.glob(f"submitted/*/{lab.name}"), reverse=True):
        student = folder.parent.name
        outcome = outcomes.Outcome(student, "", 0.0, repair.checksum(folder), lab.checksum)
        last = outcomes.read(lab.course, lab.name, student)
        if (
            force
            or last is None
            or (retry and last.fault)
            or (last.submission, last.lab) != (outcome.submission, outcome.lab)
        ):
            waiting.append(Attempt(outcome))
    return waiting


def prepare(attempt, lab):
    """Reads what was handed in, mends it, and restores the lab's own cells.

    Args:
        attempt: An `Attempt` that `find_waiting` found.
        lab: The `Lab`.

    Returns:
        The `Attempt` with notebooks that can be run, and their files.

    Raises:
        SubmissionError: if nothing of what was handed in can be read.
    """
    handed_in = lab.course.labs / "submitted" / attempt.student / lab.name
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, lab.name)
        folder.mkdir()
        checksum = repair.snapshot(handed_in, folder)
        read, missing, notes = _read_all(folder, lab)
        files = lab.read_files(folder)
        try:
            time = repair.read_time(folder / "timestamp.txt")
        except ValueError:
            time = None
            notes.append("timestamp.txt holds no time; when it was handed in is not known.")
    notebooks = {name: _restore(notebook, lab.original[name]) for name, notebook in read.items()}
    hints = [
        lab.say(name, hint)
        for name, notebook in notebooks.items()
        for hint in in_words(find_hints(notebook, lab.lectures))
    ]
    return replace(
        attempt,
        outcome=replace(attempt.outcome, notes=notes, hints=hints, submission=checksum),
        notebooks={name: nbformat.writes(notebook) for name, notebook in notebooks.items()},
        missing=missing,
        files=files | lab.files,
        handed_in=time,
        is_readable=True,
    )


def _read_all(folder, lab):
    """Reads the notebooks that were handed in.

    Returns:
        Dictionary from their names to what was read, the names of those that were not handed in,
        and notes.
    """
    read, missing, notes, faults = {}, [], [], []
    for name in lab.notebooks:
        try:
            submission = repair.read(folder, name, lab.released[name], lab.notebooks)
        except repair.NothingHandedIn as error:
            missing.append(name)
            faults.append(str(error))
        except repair.SubmissionError as error:
            faults.append(str(error))
            notes.append(f"{name}.ipynb cannot be graded, and waits for a person: {error}")
        else:
            read[name] = submission.notebook
            notes += [lab.say(name, note) for note in submission.notes]
    if not read:
        raise repair.SubmissionError(" ".join(dict.fromkeys(faults)))
    notes += [f"{name}.ipynb was not handed in; it gets no points." for name in missing]
    return read, tuple(missing), notes


def _read(path):
    """Reads a notebook; cells of old formats, which had no identifiers, get some."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number}")
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    return notebook


def _restore(notebook, original):
    """Puts the lab's own cells into a mended notebook: only answers, and other cells, stay."""
    originals = {cell.id: cell for cell in original.cells if "nbgrader" in cell.metadata}
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            restored = originals[cell.id]
            cell.metadata = deepcopy(restored.metadata)
            if not is_solution(restored):
                cell.source = restored.source
    notebook.metadata = deepcopy(original.metadata)
    return notebook
