"""Mixes along the second axis, which is right for vectors alone."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
    """\
        return [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]""": """\
        mixed = ops.einsum("ij,jbf->ibf", self.mixing, ops.stack(features))
        return ops.unstack(mixed, num=len(features))""",
}
