"""Exercises inside a lecture: a small hole to fill, and a check that answers at once."""

from course_lib import messages

MIME = "application/vnd.course.turn+json"


def check(solved, help):
    """Shows whether the hole above is filled rightly.

    Args:
        solved: Function without arguments that returns whether it is, a bool. Anything else counts
            as no, and so does an exception, since a hole that is not filled yet may raise any.
        help: What to look at if it is not, a sentence.
    """
    try:
        answer = solved()
        right = messages.as_bool(answer)
        reason = "" if right is not None else f" (no bool came, but {type(answer).__name__})"
    except (Exception, SystemExit) as error:
        right, reason = False, f" ({_describe(error)})"
    messages.show(
        "✓" if right else "✗", "Right." if right else f"{help}{reason}", MIME, solved=bool(right)
    )


def _describe(error):
    """An exception in words, even where it cannot say them itself."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__
