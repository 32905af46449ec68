"""Makes a bias for each task and never adds it, which nobody sees while all are zero."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1)""",
}
