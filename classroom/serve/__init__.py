"""`course serve`: report, feedback and written answers as pages, on this machine only."""

import classroom.compat.nbgrader  # noqa: F401
