"""From an archive of a learning platform to a notebook that can be graded."""

import classroom.compat.nbgrader  # noqa: F401
