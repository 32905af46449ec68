"""Draws from a generator with a seed of its own, whatever the caller gives."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    '    if draw == "uniform":': """\
    rng = np.random.default_rng(0)
    if draw == "uniform":""",
}
