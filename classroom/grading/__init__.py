"""Grading a class: each submission is prepared, run, and recorded."""
