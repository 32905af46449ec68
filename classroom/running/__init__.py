"""Running one submission: in a worker, in a kernel of its own, with a judge beside it."""

import classroom.compat.nbgrader  # noqa: F401
