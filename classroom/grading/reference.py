"""How long a student's cell may take: what the lab's own solution takes, with plenty to spare.

The solution runs once, where submissions run, when a class of the lab is graded first; its time is
kept in `build/reference/` until the lab's notebooks change. An endless loop costs the bound once
for each cell and check that meets it: one that suits no lab in particular costs a class minutes.
"""

import hashlib
import json
import logging
from dataclasses import replace

import nbformat
import pooch

from classroom.running.run_notebook import execute_all

log = logging.getLogger(__name__)

# Seconds that every cell may take, and how many times the solution's slowest one.
LEAST = 20
TIMES = 10


def fit(job, lab, pool):
    """Fits a job's bound of a cell to the lab.

    Args:
        job: A `Job`, without a submission.
        lab: The `Lab`.
        pool: The executor that submissions are run by.

    Returns:
        The `Job`. Its bound stays where the lab's source is no whole solution, or cannot be run.
    """
    known = recall(lab) or remember(lab, _measure(job, lab, pool))
    if known["seconds"] is None:
        return job
    return replace(job, bounds=replace(job.bounds, cell=bound(known["seconds"])))


def bound(seconds):
    """Returns the seconds that a cell may take, from those of the solution's slowest one."""
    return max(LEAST, TIMES * seconds)


def recall(lab):
    """Returns what `remember` wrote about the lab's notebooks as they are now, or None."""
    try:
        known = json.loads(_path(lab).read_text(encoding="utf-8"))
        return known if known["sources"] == _checksum(lab) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def remember(lab, seconds):
    """Writes down the time of the solution's slowest cell, None if there is no whole solution.

    Returns:
        What was written: a dictionary with the `"seconds"`.
    """
    path = _path(lab)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {"sources": _checksum(lab), "seconds": seconds}
    path.write_text(json.dumps(known) + "\n", encoding="utf-8")
    return known


def _measure(job, lab, pool):
    """Runs the solution; returns the seconds of its slowest cell, None if it is not whole."""
    jobs = [
        replace(job, notebook=nbformat.writes(notebook), files=lab.files)
        for notebook in lab.sources.values()
    ]
    try:
        executed = pool.submit(execute_all, jobs).result()
    except Exception:  # its trouble is shown by `course labs verify`, and holds no class up
        log.exception(
            "The solution of %s cannot be run; a cell gets %s s", lab.name, job.bounds.cell
        )
        return None
    lost = [name for run in executed for name, cell in run.cells.items() if cell.reason]
    if lost:
        log.warning("The solution of %s loses points in %s", lab.name, ", ".join(lost))
        return None
    return round(max(run.slowest for run in executed), 3)


def _path(lab):
    return lab.course.build / "reference" / f"{lab.name}.json"


def _checksum(lab):
    paths = (lab.course.source(lab.name, name) for name in lab.notebooks)
    return hashlib.sha256("".join(map(pooch.file_hash, paths)).encode()).hexdigest()
