"""Data sets of tables, and of sentences."""
