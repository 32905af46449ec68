"""A list of `Dense` layers and a Python loop over tasks, which the statement rules out."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    """\
        self.kernel = self.add_weight(
            shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"
        )
        self.bias = self.add_weight(shape=(self.tasks,), initializer="zeros")""": """\
        self.heads = [keras.layers.Dense(1) for _ in range(self.tasks)]
        for head in self.heads:
            head.build(input_shape)""",
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """every = ops.concatenate([head(h) for head in self.heads], axis=1)
        return ops.sum(every * ops.one_hot(task, self.tasks), axis=1)""",
}
