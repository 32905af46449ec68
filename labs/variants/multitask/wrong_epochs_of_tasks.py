"""Uniform draws go through all tasks in random order before any comes again."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "        return rng.integers(len(sizes), size=steps)": """\
        rounds = [rng.permutation(len(sizes)) for _ in range(-(-steps // len(sizes)))]
        return np.concatenate(rounds)[:steps]""",
}
