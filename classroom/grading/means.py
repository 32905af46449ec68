"""By what means a class is run, and within which bounds."""

import math
from dataclasses import dataclass, fields

from classroom import sandbox
from classroom.results.gradebook import find_lab
from classroom.running import workers
from classroom.running.job import Bounds, Job
from classroom.sandbox import Limits


@dataclass(frozen=True)
class Means:
    """By what means a class is run.

    Attributes:
        jobs: Number of submissions that run at the same time.
        cluster: Where: None for this machine, `"slurm"`, or the address of a Dask scheduler.
        gpus: Part of a GPU that each submission needs, from 0 to 1.
        sealed: Whether submissions are sealed off.
        seconds: Time of the whole class: after it no submission is begun.
        bounds: What each submission may use up, a `Bounds`; if None, what nbgrader's configuration
            says (`c.Bounds.cell = 300`), for a cell what fits the lab, see `reference`, and the
            defaults beyond that.
        limits: What its processes may use up, a `Limits`; if None, what the configuration says
            (`c.Limits.processes = 64`), and the defaults beyond that. On this machine all that run
            at the same time share four fifths of its memory.
    """

    jobs: int = 1
    cluster: str | None = None
    gpus: float = 0
    sealed: bool = True
    seconds: float = math.inf
    bounds: Bounds | None = None
    limits: Limits | None = None

    def make_job(self, lab):
        """Makes the job of a lab, without a submission.

        Args:
            lab: A `Lab`.

        Returns:
            A `Job`.

        Raises:
            ValueError: for an unknown lab, one that the gradebook does not know, or one whose
                checks are missing or not called as they should be, and for settings that there are
                not.
            SandboxError: if submissions are to be sealed off, and this machine lacks what it takes,
                or shows them the course.
        """
        _refuse(lab.course, lab.name, self.sealed)
        at_once = len(workers.local_gpus(self.jobs, self.gpus)) if self.cluster is None else 1
        limits = _configured(lab.course, Limits)
        return Job(
            notebook="",
            checks=lab.checks,
            sealed=self.sealed,
            bounds=self.bounds or Bounds(**_configured(lab.course, Bounds)),
            limits=self.limits or Limits.of_one(at_once, **limits),
            gpus=self.gpus,
        )

    def bounds_cells(self, course):
        """Whether it is said how long a cell may take, here or in the course's configuration."""
        return self.bounds is not None or "cell" in _configured(course, Bounds)

    def workers(self, course):
        """Starts workers for a `with`, as `workers.workers` does.

        Args:
            course: A `Course`, whose configuration may say more about Slurm.
        """
        slurm = {"log_directory": str(course.build / "slurm"), **course.config.SLURMCluster}
        return workers.workers(self.jobs, self.cluster, self.gpus, slurm)


def _refuse(course, lab, sealed):
    """Raises what keeps a whole class from being graded."""
    if sealed and sandbox.missing():
        raise sandbox.SandboxError(
            f"Students' code cannot be sealed off here, for want of: "
            f"{'; '.join(sandbox.missing())}. See `course doctor`. With --unsealed it runs with "
            "all that you may do yourself."
        )
    if sealed and (place := sandbox.shown_above(course.labs)):
        raise sandbox.SandboxError(
            f"{course.labs} lies below {place}, which students' code may read: it would see "
            "solutions and other submissions. Move the course, to /srv for instance."
        )
    with course.gradebook(lab) as gradebook:
        find_lab(course, lab, gradebook)


def _configured(course, kind):
    """What nbgrader's configuration says about `Bounds` or `Limits`, as a dictionary."""
    wanted, known = course.config[kind.__name__], {field.name for field in fields(kind)}
    if unknown := sorted(wanted.keys() - known):
        raise ValueError(
            f"{course.labs / 'nbgrader_config.py'} sets {kind.__name__}.{unknown[0]}, which there "
            f"is not. There are: {', '.join(sorted(known))}."
        )
    return wanted
