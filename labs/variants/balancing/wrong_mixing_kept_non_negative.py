"""Keeps the matrix from becoming negative in training."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        """shape=(tasks, tasks),
            initializer=keras.initializers.Constant(start),
            constraint=keras.constraints.NonNeg(),
            name="mixing",""",
}
