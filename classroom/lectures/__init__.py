"""Lectures: running them, their pages, their records."""
