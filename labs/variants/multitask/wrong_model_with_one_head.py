"""The heads are right, but the model hands them task 0 for every row."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
    "return keras.Model([x, task], TaskHeads(tasks)(h, task))":
        "return keras.Model([x, task], TaskHeads(tasks)(h, ops.zeros_like(task)))",
}
