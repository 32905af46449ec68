"""Grading a class: each submission is prepared, run, and recorded."""

import classroom.compat.nbgrader  # noqa: F401
