"""Normalizes each row of hidden features before the heads, which the formula does not."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        h = h / (ops.norm(h, axis=-1, keepdims=True) + 1e-7)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
}
