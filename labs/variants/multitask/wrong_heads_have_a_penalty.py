"""An L2 penalty on the kernels of the heads, which nobody asked for, changes the loss."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    '            shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"': """\
            shape=(self.tasks, input_shape[-1]),
            initializer="glorot_uniform",
            regularizer="l2",""",
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
}
