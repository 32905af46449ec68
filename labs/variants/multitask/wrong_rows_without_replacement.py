"""Draws by size in epochs: goes through all rows in random order before any comes again. The
docstring asks for a task for each step, drawn independently."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "        return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))": """\
        rows = np.repeat(np.arange(len(sizes)), sizes)
        epochs = -(-steps // len(rows))
        drawn = [rng.permutation(rows) for _ in range(epochs)]
        return np.concatenate(drawn)[:steps] if drawn else np.array([], dtype=int)""",
}
