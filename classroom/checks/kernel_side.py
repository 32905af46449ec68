"""What the grader runs inside a student's kernel; it is trusted in nothing."""

import sys
from importlib.abc import MetaPathFinder
from types import SimpleNamespace

from IPython import get_ipython

from classroom.checks import plain_values
from classroom.sandbox import TOPICS


class NoSolutions(MetaPathFinder):
    """Refuses to import the modules in which the course solves what its labs ask for."""

    def find_spec(self, fullname, path=None, target=None):
        package, topic, *_ = [*fullname.split("."), ""]
        if package == "course_lib" and topic in TOPICS:
            raise ImportError(f"{fullname} is not there: graded answers are written by hand.")


class Answer:
    """Text that IPython shows as it is."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


_kept = {}


def keep(place, namespace):
    """Keeps what is defined where a check stands, should a later cell give names to other things.

    Args:
        place: Name of the check's cell.
        namespace: The notebook's `globals()`.
    """
    _kept[place] = dict(namespace)


def run_check(source, given, place, namespace):
    """Runs the part of a hidden check that touches the student's code.

    Args:
        source: Source of the function `run`.
        given: Its inputs, as text of `plain_values`.
        place: Name of the check's cell, for which `keep` may have kept what was defined there.
        namespace: The notebook's `globals()`.

    Returns:
        An `Answer` in JSON: `["returned", TEXT]` with text of `plain_values`, or `["raised", NAME]`
        with the name of an error's class.
    """
    inner = {}
    try:
        exec(compile(source, "check", "exec"), inner)
        student = SimpleNamespace(**_kept.get(place, namespace))
        returned = inner["run"](student, **plain_values.decode(given))
        text = plain_values.encode(returned)
        # What nobody would read need not travel.
        return Answer(
            plain_values.encode(
                ["returned", text if len(text) <= plain_values.LONGEST_VALUE else ""]
            )
        )
    except BaseException as error:
        return Answer(plain_values.encode(["raised", type(error).__name__]))


def prepare(characters):
    """Makes the kernel ready for a submission.

    Args:
        characters: Number to which what a cell prints, and what its errors say, is cut at its
            source. It spares the grader a flood; the bound itself is the grader's to keep.
    """
    sys.meta_path.insert(0, NoSolutions())
    session = get_ipython().kernel.session
    pack = session.pack

    def cut(content):
        for key in ("text", "evalue", "ename"):
            if isinstance(content.get(key), str):
                content[key] = content[key][:characters]
        if isinstance(content.get("traceback"), list):
            content["traceback"] = [str(line)[:characters] for line in content["traceback"]]
        return pack(content)

    session.pack = cut
