"""Declares the task input as int8, so that from 128 tasks on the numbers wrap around to another
head. The docstring asks for an int32 input and for tasks 0 to `tasks - 1`."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
    'task = keras.Input((), dtype="int32")': 'task = keras.Input((), dtype="int8")',
    "return keras.Model([x, task], TaskHeads(tasks)(h, task))":
        'return keras.Model([x, task], TaskHeads(tasks)(h, ops.cast(task, "int32")))',
}
