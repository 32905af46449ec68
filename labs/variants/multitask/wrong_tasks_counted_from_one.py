"""Numbers of tasks start at 1 when drawn uniformly."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "return rng.integers(len(sizes), size=steps)":
        "return rng.integers(1, len(sizes) + 1, size=steps)",
}
