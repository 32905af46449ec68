"""Never draws a task twice in a row when it draws uniformly."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "        return rng.integers(len(sizes), size=steps)": """\
        first, moves = rng.integers(len(sizes)), rng.integers(1, len(sizes), size=steps)
        return (first + np.cumsum(moves)) % len(sizes)""",
}
