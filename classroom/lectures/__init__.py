"""Lectures: running them, their pages, their records."""

import classroom.compat.nbformat  # noqa: F401
