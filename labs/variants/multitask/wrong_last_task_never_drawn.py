"""Uniform draws leave out the last task."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "return rng.integers(len(sizes), size=steps)":
        "return rng.integers(len(sizes) - 1, size=steps)",
}
