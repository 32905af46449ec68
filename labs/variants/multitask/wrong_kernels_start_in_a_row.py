"""The kernels start as evenly spaced numbers, in every layer the same, and not at random."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    """\
        self.kernel = self.add_weight(
            shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"
        )""": """\
        shape = (self.tasks, input_shape[-1])
        row = np.linspace(-1, 1, shape[0] * shape[1]).reshape(shape)
        self.kernel = self.add_weight(shape=shape, initializer=keras.initializers.Constant(row))""",
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
}
