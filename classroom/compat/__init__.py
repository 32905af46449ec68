"""What is private in a dependency and used here all the same: a module for each dependency.

Each use has a test in `tests/classroom/compat/` that names the dependency when it breaks.
"""
