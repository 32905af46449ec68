"""Hidden checks in three parts: given → run → judge.

A check of a lab is a class in `labs/checks/LAB.py`, whose `task` is the task that it checks.
*given* makes inputs, *run* is the only part that touches a student's code, *judge* compares. Only
plain values pass between the parts (arrays, numbers, strings, and lists and dictionaries of them),
so that *run* can be sent to another process.

Here all three run in the student's kernel, as plain `nbgrader autograde` needs it.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np


class Check:
    """One hidden check. A subclass names its `task` and writes the three parts."""

    task: str

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


def plain(value):
    """Copies a plain value, so that nothing but data passes between the parts of a check.

    Args:
        value: An array of numbers, bools or strings, a number, a string, None, or a list, tuple or
            dictionary with string keys of such values.

    Returns:
        The same with new arrays; tuples become lists.

    Raises:
        TypeError: for anything else, such as a tensor, an object array or a model.
    """
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcUS":
        return value.copy()
    if value is None or type(value) in (bool, int, float, complex, str):
        return value
    if type(value) in (list, tuple):
        return [plain(item) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: plain(item) for key, item in value.items()}
    raise TypeError(
        "Only arrays, numbers and strings pass between the parts of a check, "
        f"not {type(value).__name__}."
    )


def load(path):
    """Loads the checks of a lab.

    Args:
        path: The lab's file in `labs/checks/`.

    Returns:
        Dictionary from each task to its `Check`.
    """
    spec = importlib.util.spec_from_file_location(f"checks_{Path(path).stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    checks = [
        thing()
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Check)
    ]
    return {this.task: this for this in checks if type(this) is not Check}


def check(lab, task, namespace, seed=0):
    """Runs a hidden check inside a student's kernel.

    The folder of the checks is in `COURSE_CHECKS`, which nbgrader's configuration sets.

    Args:
        lab: Name of the lab.
        task: Name of the task.
        namespace: The notebook's `globals()`.
        seed: Seed of the inputs.

    Raises:
        RequirementNotMet: with a sentence for every requirement that is not met.
        Exception: what the student's code raises.
    """
    this = load(Path(os.environ["COURSE_CHECKS"], f"{lab}.py"))[task]
    given = plain(this.given(np.random.default_rng(seed)))
    returned = plain(this.run(SimpleNamespace(**namespace), **plain(given)))
    unmet = [sentence for met, sentence in this.judge(given, returned) if not met]
    if unmet:
        raise RequirementNotMet("\n".join(unmet))
