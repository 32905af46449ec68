"""Returns one tensor of all tasks instead of a list."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
    """\
        return [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]""": '        return ops.einsum("ij,j...->i...", self.mixing, ops.stack(features))',
}
