"""Labs: their release, their variants and the proof that they grade as they say."""

import classroom.compat.nbgrader  # noqa: F401
