"""Finding what is wrong with a lab's hidden checks before anybody is graded by them."""

import inspect
import itertools
import traceback

from classroom.checks.hidden import INPUTS, Check, load, make_inputs

# Inputs of each kind that are tried: some mistakes show on some of them only.
SEEDS = 5


def examine(path):
    """Loads a lab's hidden checks, and tries all of them that needs no answer of a student's.

    Args:
        path: The lab's file in `labs/checks/`; a lab without one has no checks.

    Returns:
        Source of the checks, and a dictionary from each task to its `Check`.

    Raises:
        ValueError: if they cannot be loaded or lack a part, or one of them makes no inputs, with
            file and line.
    """
    source = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        checks = load(source)
    except Exception as error:  # whatever a mistake of its author's raises
        raise ValueError(
            f"{path} cannot be loaded: {_place(error)}{type(error).__name__}: {_say(error)}. Mend "
            "it and grade again; nobody was graded."
        ) from error
    for this in checks.values():
        if fault := _find_fault(this):
            line, words = fault
            raise ValueError(
                f"{path}, line {line}: the check {type(this).__name__} {words}. Mend it and grade "
                "again; nobody was graded."
            )
    return source, checks


def _find_fault(this):
    """Returns the line of a fault and the fault in words, or None."""
    kind = type(this)
    for part in ("given", "run", "judge"):
        if getattr(kind, part) is getattr(Check, part):
            return this.line, f"has no `{part}`; CONTRIBUTING.md says what it does"
    if not this.task:
        return this.line, "names no task; write `task = …`"
    if not 0 <= this.points_shown <= this.points:
        return this.line, f"has {this.points} points, of which {this.points_shown} cannot be shown"
    if not inspect.isgeneratorfunction(kind.judge):
        line = inspect.unwrap(kind.judge).__code__.co_firstlineno
        return line, "has a `judge` that yields nothing; it yields pairs `met, sentence`"
    for which, seed in itertools.product(INPUTS, range(SEEDS)):
        try:
            given = make_inputs(this, which, seed)
        except Exception as error:  # whatever a mistake of its author's raises
            words = f"makes no {which} inputs: {type(error).__name__}: {_say(error)}"
            return _line(error) or kind.given.__code__.co_firstlineno, words
        if not isinstance(given, dict) and (which == "hidden" or given is not None):
            line = kind.given.__code__.co_firstlineno
            return line, f"makes {which} inputs that are no dictionary from arguments to values"
    return None


def _line(error):
    """The last line of the checks' own that an error went through; None if there is none."""
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == "checks"), None)


def _place(error):
    return f"line {line}: " if (line := _line(error)) else ""


def _say(error):
    return error.msg if isinstance(error, SyntaxError) else str(error)
