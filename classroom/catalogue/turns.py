"""The exercises of a lecture: a hole that the class fills, its check and its solution."""

from typing import NamedTuple


class Turn(NamedTuple):
    """An exercise: the numbers of its three cells."""

    hole: int
    check: int
    solution: int


def tags(cell):
    """The set of a cell's tags."""
    return set(cell["metadata"].get("tags", []))


def turns(cells):
    """Finds the exercises of a lecture.

    Args:
        cells: The notebook's cells.

    Returns:
        List of `Turn`.

    Raises:
        ValueError: if a hole, a check or a solution stands by itself.
    """
    names = ("your-turn", "check", "solution")
    kinds = [next((name for name in names if name in tags(cell)), None) for cell in cells]
    found = [Turn(i, i + 1, i + 2) for i, kind in enumerate(kinds) if kind == "your-turn"]
    expected = {place: name for one in found for place, name in zip(one, names)}
    for place in {i for i, kind in enumerate(kinds) if kind} | set(expected):
        kind = kinds[place] if place < len(kinds) else None
        if kind != expected.get(place):
            raise ValueError(
                "A cell tagged `your-turn` is followed by one tagged `check` and one tagged "
                f"`solution`, but cell {place + 1} is tagged {kind!r}."
            )
    return found
