"""From what a student handed in to a notebook that can be graded."""

import classroom.compat.nbgrader  # noqa: F401
