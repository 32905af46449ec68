"""Gives the whole rest of a row to the next task."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    """\
        start = np.full((tasks, tasks), (1 - self.diagonal) / (tasks - 1))
        np.fill_diagonal(start, self.diagonal)""": """\
        own = np.eye(tasks)
        start = self.diagonal * own + (1 - self.diagonal) * np.roll(own, 1, axis=1)""",
}
