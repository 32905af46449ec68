"""What is told about a graded class, to its teachers and to each student."""

import classroom.compat.nbgrader  # noqa: F401
