"""Starts at all ones, so all tasks go on with the same sum."""

LOSES = {"cross_stitch-check": 5}
REPLACE = {
    """\
        start = np.full((tasks, tasks), (1 - self.diagonal) / (tasks - 1))
        np.fill_diagonal(start, self.diagonal)""": "        start = np.ones((tasks, tasks))",
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
}
