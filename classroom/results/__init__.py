"""What a class reached: the gradebook and what became of each submission."""

import classroom.compat.nbgrader  # noqa: F401
