"""Mixes along the last axis but one, which is that of tasks for vectors only."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    """\
        return [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]""": """\
        mixed = ops.matmul(self.mixing, ops.stack(features, axis=1))
        return [mixed[:, i] for i in range(len(features))]""",
}
