"""Draws a row and looks its task up on the wrong side of the cumulated sizes: the first task gets
a row too many and the last one a row too few. The statement asks for draws in proportion to the
rows."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))": """\
        ends = np.cumsum(sizes)
        return np.searchsorted(ends, rng.integers(ends[-1], size=steps))""",
}
