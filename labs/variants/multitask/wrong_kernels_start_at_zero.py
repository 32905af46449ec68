"""All kernels start at zero, so that all heads start alike and the trunk gets no gradient."""

LOSES = {"shared_trunk-check": 5}
REPLACE = {
    'shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"':
        'shape=(self.tasks, input_shape[-1]), initializer="zeros"',
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
}
