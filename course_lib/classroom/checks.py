"""Hidden checks in three parts: given → run → judge.

A check of a lab is a class in `labs/checks/LAB.py`, whose `task` is the task that it checks.
*given* makes inputs, *run* is the only part that touches a student's code, *judge* compares. Only
plain values pass between the parts (arrays, numbers, strings, and lists and dictionaries of them),
so that *run* can be sent to another process.

`course grade` keeps *given* and *judge* in its own process and sends *run* to the student's. Under
plain `nbgrader autograde` all three run in the student's kernel: `check`. The score of honest work
is the same.
"""

import ast
import functools
import logging
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy as np

from course_lib.classroom.wire import plain

log = logging.getLogger(__name__)


class Check:
    """One hidden check. A subclass names its `task` and writes the three parts.

    Attributes:
        task: Name of the task.
        partial: Whether the points are given in part, in proportion to the requirements that are
            met; else all or none.
    """

    task: str
    partial = False

    def given(self, rng):
        """Makes the inputs.

        Args:
            rng: A `numpy.random.Generator`.

        Returns:
            Dictionary of plain values, the keyword arguments of `run`.
        """
        raise NotImplementedError

    @staticmethod
    def run(student, **given):
        """Calls the student's code. Imports what it needs and uses nothing from outside.

        Args:
            student: Namespace with everything that the student's notebook defines.
            **given: What `given` returned.

        Returns:
            A plain value.
        """
        raise NotImplementedError

    def judge(self, given, returned):
        """Compares.

        Args:
            given: What `given` returned, as it was before `run`.
            returned: What `run` returned.

        Yields:
            Pairs of a bool, whether a requirement is met, and a sentence that says what is
            required. Students read the sentence when it is not met: it names no input and no
            expected value.
        """
        raise NotImplementedError


class RequirementNotMet(AssertionError):
    """The student's code works but not as required; the message is one sentence a requirement."""

    def _render_traceback_(self):
        """Read by IPython: students see the sentences, not the check's code."""
        return [str(self)]


class Verdict(NamedTuple):
    """What a check found.

    Attributes:
        share: Share of the points that are reached, from 0 to 1.
        unmet: A sentence for every requirement that is not met.
    """

    share: float
    unmet: list[str]


@functools.cache
def load(source):
    """Loads the checks of a lab.

    Args:
        source: Content of the lab's file in `labs/checks/`.

    Returns:
        Dictionary from each task to its `Check`, whose `run_source` is the source of its `run`.
    """
    module = ModuleType("checks")
    exec(compile(source, "checks", "exec"), vars(module))
    checks = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and issubclass(vars(module)[node.name], Check):
            this = vars(module)[node.name]()
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == "run":
                    part.decorator_list = []
                    this.run_source = ast.unparse(part)
            checks[this.task] = this
    return checks


def make_inputs(this, seed=0):
    """Returns the inputs of a `Check`, as plain values.

    Args:
        this: A `Check`.
        seed: Seed of the inputs.
    """
    return plain(this.given(np.random.default_rng(seed)))


def judge(this, given, returned):
    """Judges what a student's code returned.

    Args:
        this: A `Check`.
        given: The inputs.
        returned: A plain value, whatever its form.

    Returns:
        A `Verdict`. A value that cannot be judged, because it has another form than the lab's
        solution returns, meets no requirement.
    """
    try:
        findings = [(bool(met), sentence) for met, sentence in this.judge(given, returned)]
    except Exception:
        log.info("%s could not be judged", this.task, exc_info=True)
        return Verdict(0.0, ["The result has the type and the shape that the task describes."])
    unmet = [sentence for met, sentence in findings if not met]
    if this.partial:
        return Verdict(1 - len(unmet) / len(findings), unmet)
    return Verdict(float(not unmet), unmet)


def check(lab, task, namespace, seed=0, points=1):
    """Runs a hidden check inside a student's kernel.

    The folder of the checks is in `COURSE_CHECKS`, which nbgrader's configuration sets.

    Args:
        lab: Name of the lab.
        task: Name of the task.
        namespace: The notebook's `globals()`.
        seed: Seed of the inputs.
        points: Points of the cell; needed by checks that give a part of them.

    Returns:
        None for all points; a part of them as a number, as nbgrader takes it from a cell.

    Raises:
        RequirementNotMet: with a sentence for every requirement that is not met.
        Exception: what the student's code raises.
    """
    source = Path(os.environ["COURSE_CHECKS"], f"{lab}.py").read_text(encoding="utf-8")
    this = load(source)[task]
    given = make_inputs(this, seed)
    returned = plain(this.run(SimpleNamespace(**namespace), **plain(given)))
    share, unmet = judge(this, given, returned)
    if share == 1:
        return None
    if share == 0:
        raise RequirementNotMet("\n".join(unmet))
    print("\n".join(unmet))
    return share * points
