"""What a lecture claims: each claim is checked on the run that the class sees."""

from course_lib import messages

MIME = "application/vnd.course.claim+json"


def holds(condition, claim):
    """Shows whether a claim holds on this run, and goes on either way.

    In class a claim that fails shows ✗, which is worth talking about. `course lectures run` lists
    all claims on the lecture's page, and fails at the end where one does not hold.

    Args:
        condition: Whether it holds, a bool.
        claim: The claim, a sentence.

    Raises:
        TypeError: if the condition is no bool. A list, a tuple or NaN would count as true.
    """
    kept = messages.as_bool(condition)
    if kept is None:
        raise TypeError(
            f"A claim needs a bool, but {claim!r} got {type(condition).__name__}: "
            f"{str(condition)[:200]}. Compare, as in `gain.better` or `ours > rival`."
        )
    messages.show("✓" if kept else "✗", claim, MIME, claim=claim, holds=kept)
