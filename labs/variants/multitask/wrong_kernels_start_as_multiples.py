"""One random kernel starts all tasks, each with its own factor: the heads point the same way."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    """\
        self.kernel = self.add_weight(
            shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"
        )""": """\
        factors = np.arange(1, self.tasks + 1)[:, None]
        kernels = factors * np.random.normal(scale=0.1, size=(1, input_shape[-1]))
        start = keras.initializers.Constant(kernels)
        self.kernel = self.add_weight(shape=kernels.shape, initializer=start)""",
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
}
