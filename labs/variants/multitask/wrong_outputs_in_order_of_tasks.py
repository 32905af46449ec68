"""Sorts the rows by task and forgets to put the outputs back into the order of the batch. The
statement lets rows of different tasks stand in one batch in any order, and asks for ŷ_i for row
i."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """order = ops.argsort(task)
        h, task = ops.take(h, order, axis=0), ops.take(task, order)
        kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
}
