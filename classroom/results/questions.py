"""Which question of a lab a graded cell belongs to."""

ENDINGS = ("-tests", "-check")


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
