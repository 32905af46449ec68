"""Consistency: what has no labels still has to get the same answer however it is looked at."""
