"""Releasing labs, and the bundle that students get."""

import logging
import zipfile

from filelock import FileLock
from nbgrader.converters import GenerateAssignment

log = logging.getLogger(__name__)


def release(course, lab):
    """Makes a lab's release, without solutions and hidden checks.

    The gradebook learns the lab's cells.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        Path of the released notebook.

    Raises:
        ValueError: for an unknown lab.
    """
    course.source(lab)
    with FileLock(course.labs / "release.lock"):  # nbgrader makes the gradebook at first
        GenerateAssignment(
            coursedir=course.directory(lab), config=course.config, force=True, log=log
        ).start()
    return course.released(lab)


def bundle(course, path):
    """Packs what students get: lectures, released labs, `course_lib` and the set-up files.

    Args:
        course: A `Course`; all its labs are released.
        path: The zip file to write.

    Returns:
        The path.
    """
    files = {f"labs/{lab}/{lab}.ipynb": release(course, lab) for lab in course.lab_names()}
    files["README.md"] = course.root / "docs" / "students.md"
    for name in (
        "Makefile",
        "pyproject.toml",
        "constraints.txt",
        "environment.yml",
        "labs/nbgrader_config.py",
    ):
        files[name] = course.root / name
    for folder in ("course_lib", "notebooks", "data"):
        for file in sorted((course.root / folder).rglob("*")):
            if file.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts):
                files[file.relative_to(course.root).as_posix()] = file
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.write(file, f"course/{name}")
    new.replace(path)
    return path
