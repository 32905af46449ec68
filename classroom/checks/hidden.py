"""Hidden checks in three parts: given → run → judge.

A check of a lab is a class in `labs/checks/LAB.py`, whose `task` is the task that it checks.
*given* makes inputs, *run* is the only part that touches a student's code, *judge* compares. Only
plain values pass between the parts (arrays, numbers, strings, and lists and dictionaries of them),
so that *run* can be sent to another process. *returns* declares their form.

A check is asked with hidden inputs and with those of the visible tests; all points are given where
both meet all requirements. Requirements that the visible tests show have points of their own. Where
hidden inputs are not met, others of the visible tests' kind decide on these, so that whoever has
solved what the tests show in earnest keeps them, and whoever has written down the tests' answers
gets none.

`course grade` keeps *given* and *judge* in a process of its own and sends *run* to the student's.
Under plain `nbgrader autograde` all three run in the student's kernel: `check`. The score of honest
work is the same.
"""

import ast
import functools
import hashlib
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

import numpy as np

from classroom.checks import plain_values
from classroom.reasons import describe_error

# What a check is asked, in this order. The visible tests show the last two.
INPUTS = ("hidden", "example", "similar")
OF_EXAMPLES = INPUTS[1:]
OTHER_FORM = "The result has the type and the shape that the task describes."


class Requirement(NamedTuple):
    """What *judge* found about one requirement.

    Attributes:
        met: Whether it is met.
        sentence: What is required.
        shown: Whether the visible tests show it.
    """

    met: bool
    sentence: str
    shown: bool = False


def shown(met, sentence):
    """Makes a requirement that the visible tests show.

    Args:
        met: Whether it is met.
        sentence: What is required.

    Returns:
        A `Requirement`.
    """
    return Requirement(met, sentence, True)


class Check:
    """One hidden check. A subclass names its `task` and writes the parts.

    Attributes:
        task: Name of the task.
        points: Points of the task.
        points_shown: Points among them for the requirements that the visible tests show, all or
            none, on `example`'s inputs; the others need all requirements on all inputs.
        by_chance: Whether `run` returns what the student's code draws, so that other draws, and
            the same in another order, are as good.
    """

    task = ""
    points = 1
    points_shown = 0
    by_chance = False

    def example(self, rng):
        """Makes inputs like those of the visible tests.

        Args:
            rng: None for the visible tests' own; or a `numpy.random.Generator` for others of the
                same kind, on which an answer written down for the tests fails.

        Returns:
            As `given`; None if the visible tests show no requirement.
        """

    def given(self, rng):
        """Makes the hidden inputs.

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

    def returns(self, given):
        """Declares the form of what `run` returns, see `wire`; another one meets no requirement.

        Args:
            given: What `given` returned.
        """
        return ...

    def judge(self, given, returned):
        """Compares.

        Args:
            given: What `given` returned, as it was before `run`.
            returned: What `run` returned, in the form that `returns` declares.

        Yields:
            `shown(met, sentence)` or a pair `met, sentence`: whether a requirement is met, and a
            sentence that says what is required. Students read the sentence when it is not met: it
            names no input and no expected value.
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
        Dictionary from each task to its `Check`, whose `run_source` is the source of its `run`, and
        whose `line` is where it stands.
    """
    module = ModuleType("checks")
    exec(compile(source, "checks", "exec"), vars(module))
    checks = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and issubclass(vars(module)[node.name], Check):
            this = vars(module)[node.name]()
            this.line = node.lineno
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == "run":
                    part.decorator_list = []
                    this.run_source = ast.unparse(part)
            checks[this.task] = this
    return checks


def seed_of(lab, student):
    """Makes the seed of a student's hidden inputs, which are worth nothing to other students.

    Args:
        lab: Name of the lab.
        student: Identifier of the student.

    Returns:
        The seed, an integer.
    """
    return int.from_bytes(hashlib.sha256(f"{lab}/{student}".encode()).digest()[:4], "big")


def make_inputs(this, which, seed=0):
    """Makes the inputs of a `Check`, as plain values.

    Args:
        this: A `Check`.
        which: One of `INPUTS`.
        seed: Seed of the inputs.

    Returns:
        The inputs; None if the check has none of that kind.
    """
    if which == "hidden":
        return plain_values.plain(this.given(np.random.default_rng(seed)))
    return plain_values.plain(
        this.example(None if which == "example" else np.random.default_rng(seed))
    )


def judge(this, given, returned):
    """Judges what a student's code returned.

    Args:
        this: A `Check`.
        given: The inputs.
        returned: Text of `plain_values`, whatever it holds.

    Returns:
        List of `Requirement`s, and the error that the check itself raised, for teachers alone, or
        "". A value of another form than `returns` declares, or one that cannot be judged, meets
        none.
    """
    try:
        form = this.returns(given)
        try:
            returned = plain_values.decode(returned, form)
        except ValueError:
            return [shown(False, OTHER_FORM)], ""
        findings = [Requirement(*finding) for finding in this.judge(given, returned)]
        # NaN is true, and equals nothing.
        return [one._replace(met=bool(one.met and one.met == one.met)) for one in findings], ""
    except Exception as error:
        return [shown(False, OTHER_FORM)], ascii(error)


def is_settled(this, findings):
    """Says whether what was found decides on the points, whatever other inputs would show.

    Args:
        this: A `Check`.
        findings: Dictionary from those of `INPUTS` that were asked to lists of `Requirement`s.

    Returns:
        A boolean.
    """
    if not set(findings) >= {"hidden", "example"}:
        return False
    return (
        all(one.met for one in findings["hidden"])
        or not this.points_shown
        or any(not one.met for one in _shown_by_examples(findings))
    )


def _shown_by_examples(findings):
    return [one for which in OF_EXAMPLES for one in findings.get(which, []) if one.shown]


def conclude(this, findings):
    """Makes one verdict of what was found.

    Args:
        this: A `Check`.
        findings: Dictionary from `INPUTS` to lists of `Requirement`s.

    Returns:
        A `Verdict`.
    """
    hidden = findings.get("hidden", [])
    unmet = [one for found in findings.values() for one in found if not one.met]
    examples = _shown_by_examples(findings)
    share = 0.0
    if hidden and not unmet:
        share = 1.0
    elif examples and all(one.met for one in examples):
        share = this.points_shown / this.points
    return Verdict(share, list(dict.fromkeys(one.sentence for one in unmet)))


def check(lab, task, namespace, seed=0):
    """Runs a hidden check inside a student's kernel.

    The folder of the checks is in `COURSE_CHECKS`, which nbgrader's configuration sets.

    Args:
        lab: Name of the lab.
        task: Name of the task.
        namespace: The notebook's `globals()`.
        seed: Seed of the inputs.

    Returns:
        None for all points; a part of them as a number, as nbgrader takes it from a cell.

    Raises:
        RequirementNotMet: with a sentence for every requirement that is not met.
    """
    source = Path(os.environ["COURSE_CHECKS"], f"{lab}.py").read_text(encoding="utf-8")
    this, findings = load(source)[task], {}
    for which in INPUTS:
        given = None if is_settled(this, findings) else make_inputs(this, which, seed)
        if given is not None:
            findings[which] = _ask_here(this, given, namespace)
    share, unmet = conclude(this, findings)
    if share == 1:
        return None
    if share == 0:
        raise RequirementNotMet("\n".join(unmet))
    print("\n".join(unmet))
    return share * this.points


def _ask_here(this, given, namespace):
    try:
        returned = plain_values.encode(
            this.run(SimpleNamespace(**namespace), **plain_values.plain(given))
        )
    except Exception as error:
        return [shown(False, describe_error(type(error).__name__))]
    return judge(this, given, returned)[0]
