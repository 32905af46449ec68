"""What a lab's graded cells are called, and which question each belongs to."""

ENDINGS = ("-tests", "-check")


def name_cell(notebooks, notebook, cell):
    """Names a cell, so that no other of its lab is called the same.

    Args:
        notebooks: The lab's notebooks, of any kind.
        notebook: Name of the cell's notebook.
        cell: The name that nbgrader has for the cell, which another notebook's may have too.

    Returns:
        `CELL` in a lab of one notebook, else `NOTEBOOK/CELL`.
    """
    return cell if len(notebooks) == 1 else f"{notebook}/{cell}"


def question_of(cell):
    """Returns the question that a cell belongs to.

    Args:
        cell: Name of the cell.

    Returns:
        `NAME` for the cells `NAME`, `NAME-tests` and `NAME-check`. Any other cell is a question of
        its own, such as those that nbgrader names `cell-0a1b`.

    Example:
        >>> question_of("double-check"), question_of("cell-0a1b")
        ('double', 'cell-0a1b')
    """
    for ending in ENDINGS:
        cell = cell.removesuffix(ending)
    return cell
