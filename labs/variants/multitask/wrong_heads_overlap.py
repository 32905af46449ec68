"""Keeps the kernels in one flat vector but starts kernel t at t rather than at t · features, so
that neighbouring tasks share numbers and most of the vector is never used. The statement gives
each task a linear output layer of its own."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "        self.kernel = self.add_weight(": """\
        self.features = input_shape[-1]
        self.kernel = self.add_weight(""",
    'shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"':
        'shape=(self.tasks * self.features,), initializer="random_normal"',
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """task = ops.cast(task, "int32")
        places = ops.expand_dims(task, -1) + ops.arange(self.features, dtype="int32")
        return ops.sum(h * ops.take(self.kernel, places), axis=-1) + ops.take(self.bias, task)""",
}
