"""The kernel is the row's own, but the bias is that of the first row's task."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + self.bias[task[0]]""",
}
