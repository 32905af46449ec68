"""Draws by size as if the tasks were sorted by their sizes."""

LOSES = {"sample_tasks-check": 2}
REPLACE = {
    "return rng.choice(len(sizes), size=steps, p=np.asarray(sizes) / np.sum(sizes))":
        "return rng.choice(len(sizes), size=steps, p=np.sort(sizes) / np.sum(sizes))",
}
