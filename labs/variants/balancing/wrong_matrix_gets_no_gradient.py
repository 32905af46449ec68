"""Mixes by the numbers of the matrix, which no gradient reaches."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
    """\
        return [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]""":
        """\
        mixing = ops.stop_gradient(self.mixing)
        return [sum(mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))]""",
}
