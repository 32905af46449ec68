"""Grading what arrives in a folder, for a class that hands in all week.

The folder is looked at every few seconds. What systems report of changes by themselves, as the
package `watchfiles` reads it, leaves out what other machines write to a network disk, and does not
say when a file is complete: both need the look.
"""

import logging
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

from classroom.cleaning import clean_line
from classroom.collecting.collect import collect
from classroom.grading.grade_class import grade
from classroom.grading.means import Means
from classroom.grading.prepare import Lab, find_waiting
from classroom.grading.trouble import explaining, is_everyones

log = logging.getLogger(__name__)

# Seconds between two looks.
INTERVAL = 5.0
# Names that browsers and copying programs give to what they have not finished.
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", "~")
# What is packed of a student's folder at most; the rest of `collect`'s bounds hold for it as well.
MOST_FILES = 1000


class Inbox:
    """A folder in which archives, students' folders and notebooks arrive.

    Args:
        folder: The folder.
    """

    def __init__(self, folder):
        self.folder = folder
        self._seen, self._taken = {}, {}

    def look(self):
        """Finds what is complete and was not taken yet.

        Returns:
            List of paths. Each looks as it did at the last look, so that nobody is writing it; one
            that changes after it was taken arrives again.

        Raises:
            OSError: if the folder cannot be read.
        """
        paths = [path for path in sorted(self.folder.iterdir()) if _is_about(path)]
        found = {path: stamp for path in paths if (stamp := _stamp(path))}
        complete = [
            path
            for path, stamp in found.items()
            if self._seen.get(path) == stamp and self._taken.get(path) != stamp
        ]
        self._seen = found
        return complete

    def take(self, path):
        """Notes that what was found complete at the last look is dealt with."""
        self._taken[path] = self._seen[path]


def watch(course, lab, folder, say, grading, *, interval=INTERVAL, **means):
    """Collects and grades what arrives in a folder, until it is interrupted.

    What cannot be collected or graded is said and holds nothing up; a submission that cannot be
    graded is tried again when it is handed in anew, or by `course grade`.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        folder: The folder.
        say: Function called with each sentence on what arrived and what became of it.
        grading: Function that returns a context for each time that something is graded.
        interval: Seconds between two looks.
        **means: As for `Means`.

    Raises:
        ValueError: if there is no such folder, and as for `grade` on trouble with the lab or this
            machine that is there from the start.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder. Make it, or name the one where work arrives.")
    Means(**means).make_job(Lab(course, lab))
    inbox, trouble, waits = Inbox(folder), "", True
    say(f"Waiting for archives, students' folders and notebooks of {lab} in {folder}.")
    while True:
        try:
            with explaining():
                for path in inbox.look():
                    for sentence in _collect(course, lab, path):
                        say(sentence)
                    inbox.take(path)
                    waits = True
                if waits:
                    for sentence in _grade(course, lab, grading, means):
                        say(sentence)
            waits, trouble = False, ""
        except (ValueError, OSError) as error:  # such as another grader, or a disk that is away
            if str(error) != trouble:
                say(f"{error}\nIt is tried again until it works.")
            trouble = str(error)
        time.sleep(interval)


def _is_about(path):
    """Whether a name is one that work arrives under."""
    return not path.name.startswith((".", "~")) and not path.name.lower().endswith(UNFINISHED)


def _stamp(path):
    """What changes with a file or with any file in a folder; empty for what cannot be read now."""
    try:
        files = _list_files(path) if path.is_dir() else [path]
        return tuple((file, (s := file.stat()).st_size, s.st_mtime_ns) for file in files)
    except OSError:
        return ()


def _list_files(folder):
    """The files in a student's folder, without links, which may lead anywhere."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def _collect(course, lab, path):
    """Collects what arrived; returns sentences on it."""
    name = clean_line(path.name, 100)
    try:
        if path.is_dir() or path.suffix.lower() == ".ipynb":
            collected = _collect_loose(course, lab, path)
        else:
            collected = collect(course, lab, path)
    except Exception as error:  # whatever a broken file raises
        if is_everyones(error):
            raise
        log.exception("%s was not collected", name)
        words = str(error) if isinstance(error, ValueError) else repr(error)
        return [f"{name} was not collected: {clean_line(words, 500)}"]
    counts = Counter(item.status for item in collected)
    skipped = [item for item in collected if item.status == "skipped"]
    words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return [f"{name}: {words}"] + [f"  {item.file}: {item.reason}" for item in skipped]


def _collect_loose(course, lab, path):
    """Collects a student's folder or notebook, as an archive that holds nothing else."""
    files = _list_files(path) if path.is_dir() else [path]
    if len(files) > MOST_FILES:
        raise ValueError(f"it holds {len(files)} files, allowed are {MOST_FILES}.")
    with tempfile.TemporaryDirectory() as place:
        archive = Path(place, "arrived.zip")
        with zipfile.ZipFile(archive, "w", strict_timestamps=False) as packed:
            for file in files:
                packed.write(file, file.relative_to(path.parent).as_posix())
        return collect(course, lab, archive)


def _grade(course, lab, grading, means):
    """Grades what waits, if anything does; returns sentences on it."""
    if not find_waiting(Lab(course, lab), retry=False):
        return []
    with grading() as step:
        done = grade(course, lab, step, retry=False, **means)
    return [
        f"  {outcome.student}: {outcome.fault or 'graded'}"
        for outcome in sorted(done, key=lambda outcome: outcome.student)
    ]
