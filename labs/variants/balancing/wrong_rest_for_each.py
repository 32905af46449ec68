"""Gives the whole rest to each other task, so rows sum to more than 1 from three tasks on."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    "start = np.full((tasks, tasks), (1 - self.diagonal) / (tasks - 1))":
        "start = np.full((tasks, tasks), (1 - self.diagonal))",
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
}
