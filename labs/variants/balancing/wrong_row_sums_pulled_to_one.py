"""Penalises rows that do not sum to 1."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        """shape=(tasks, tasks),
            initializer=keras.initializers.Constant(start),
            regularizer=lambda mixing: ops.sum((ops.sum(mixing, axis=1) - 1) ** 2),
            name="mixing",""",
}
