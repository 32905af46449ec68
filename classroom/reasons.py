"""Why points were lost, in words that a student may read."""

import builtins

NOT_IMPLEMENTED = "The task is not implemented."


def describe_error(name):
    """Says that a student's code raised an error, which may hold inputs: by its class alone.

    Args:
        name: Name of the error's class.

    Returns:
        A sentence, which names only classes of Python's own.
    """
    if name == "NotImplementedError":
        return NOT_IMPLEMENTED
    known = getattr(builtins, name, None)
    known = isinstance(known, type) and issubclass(known, Exception)
    return f"Your code raises {name if known else 'an error'} on the inputs of a check."
