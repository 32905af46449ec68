"""The first row's task decides the head of the whole batch: right as long as batches hold one task."""

LOSES = {"shared_trunk-check": 5}
REPLACE = {
    """\
        self.kernel = self.add_weight(
            shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"
        )""":
        '        self.kernel = self.add_weight(shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform")',
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        "return ops.matmul(h, self.kernel[task[0]]) + self.bias[task[0]]",
}
