"""Exercises inside a lecture: a small hole to fill, and a check that answers at once."""

from course_lib import messages

MIME = "application/vnd.course.turn+json"


def check(solved, help):
    """Shows whether the hole above is filled rightly.

    Args:
        solved: Function without arguments that returns whether it is. An exception counts as no,
            since a hole that is not filled yet may raise any.
        help: What to look at if it is not, a sentence.
    """
    try:
        right, reason = bool(solved()), ""
    except Exception as error:
        right, reason = False, f" ({type(error).__name__}: {error})"
    messages.show(
        "✓" if right else "✗", "Right." if right else f"{help}{reason}", MIME, solved=right
    )
