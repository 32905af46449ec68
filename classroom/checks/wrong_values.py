"""Wrong values in the place of right answers: what a *judge* must see without the student's code.

A student's process can send whatever it likes. So no value that is empty, of another shape, of
another size or an answer to other inputs may be worth a point, and no part of an answer may be one
that nobody looks at.
"""

from types import SimpleNamespace

import numpy as np

from classroom.checks import hidden, plain_values


def _like(change):
    """Returns a function that changes all arrays and numbers of a plain value."""

    def apply(value):
        if isinstance(value, list):
            return [apply(item) for item in value]
        if isinstance(value, dict):
            return {key: apply(item) for key, item in value.items()}
        if value is None or isinstance(value, str):
            return value
        changed = change(np.asarray(value))
        return changed if isinstance(value, np.ndarray | np.generic) else changed.tolist()

    return apply


# All of an answer, changed: nothing of it is worth a point.
WHOLE = {
    "nothing": lambda value: None,
    "an empty list": lambda value: [],
    "an empty dictionary": lambda value: {},
}
OF_ARRAYS = {
    "empty arrays": lambda array: array[:0] if array.ndim else array,
    "transposed arrays": np.transpose,
    "arrays of one number that broadcasts": lambda array: (
        np.full((1,) * array.ndim, array.flat[0]) if array.size else array
    ),
    "zeros": np.zeros_like,
    "NaN": lambda array: np.full_like(array, np.nan) if array.dtype.kind in "fc" else array,
    "negated numbers": lambda array: ~array if array.dtype == bool else -array,
    "numbers times 1.5": lambda array: (
        ~array if array.dtype == bool else (array * 1.5 + 1).astype(array.dtype)
    ),
    "rows in reverse": lambda array: array[::-1] if array.ndim else array,
}
WHOLE |= {name: _like(change) for name, change in OF_ARRAYS.items()}
# One part of an answer, changed: some points are lost.
PARTS = ("zeros", "numbers times 1.5", "rows in reverse")
# The change that draws by chance allow.
OF_CHANCE = "rows in reverse"


def fuzz(source, task, namespace):
    """Forges answers to a check from those of the lab's solution.

    Args:
        source: Content of the lab's file in `labs/checks/`.
        task: Name of the task.
        namespace: Namespace with the lab's solutions.

    Raises:
        AssertionError: naming each forged answer that is worth more than it may be.
    """
    this = hidden.load(source)[task]
    right, other = _answer(this, namespace, seed=1), _answer(this, namespace, seed=2)
    if _share(this, right) != 1:
        raise AssertionError("The solution itself does not get all points.")
    found = [
        f"{share:.2f} of the points for {name}"
        for name, forged in _forge_all(this, right, other)
        if (share := _share(this, forged)) > 0
    ]
    found += [
        f"all points in spite of {name}"
        for name, forged in _forge_parts(this, right)
        if _share(this, forged) == 1
    ]
    if found:
        raise AssertionError("\n".join(found))


def _answer(this, namespace, seed):
    """Returns a dictionary from kinds of inputs to pairs of inputs and the solution's answer."""
    answers = {}
    for which in hidden.INPUTS:
        given = hidden.make_inputs(this, which, seed)
        if given is not None:
            returned = this.run(SimpleNamespace(**namespace), **plain_values.plain(given))
            answers[which] = given, plain_values.plain(returned)
    return answers


def _share(this, answers):
    findings = {
        which: hidden.judge(this, given, plain_values.encode(returned))[0]
        for which, (given, returned) in answers.items()
    }
    return hidden.conclude(this, findings).share


def _forge_all(this, right, other):
    for name, change in WHOLE.items():
        forged = {which: (given, change(answer)) for which, (given, answer) in right.items()}
        if _changed(forged, right) == set(right) and not (this.by_chance and name == OF_CHANCE):
            yield name, forged
    forged = {which: (given, other[which][1]) for which, (given, _) in right.items()}
    if _changed(forged, right) >= set(right) - {"example"} and not this.by_chance:
        yield "answers to other inputs", forged


def _forge_parts(this, right):
    asked = [which for which in ("hidden", "example") if which in right]
    for path in dict.fromkeys(path for which in asked for path in _paths(right[which][1])):
        for name in PARTS:
            if this.by_chance and name == OF_CHANCE:
                continue
            forged = {
                which: (given, _change_at(answer, path, WHOLE[name]))
                for which, (given, answer) in right.items()
            }
            if _changed(forged, right) & set(asked):
                yield f"{name} at {'.'.join(map(str, path)) or 'the only place'}", forged


def _paths(value):
    """Paths to all arrays and numbers of a plain value."""
    if isinstance(value, list | dict):
        items = enumerate(value) if isinstance(value, list) else value.items()
        return [(key, *path) for key, item in items for path in _paths(item)]
    return [()]


def _change_at(value, path, change):
    if not path:
        return change(value)
    if isinstance(value, list) and path[0] >= len(value):
        return value
    copy = list(value) if isinstance(value, list) else dict(value)
    if isinstance(value, list) or path[0] in value:
        copy[path[0]] = _change_at(value[path[0]], path[1:], change)
    return copy


def _changed(forged, right):
    """Kinds of inputs for which answers differ."""
    return {
        which
        for which, (_, answer) in right.items()
        if plain_values.encode(forged[which][1]) != plain_values.encode(answer)
    }
