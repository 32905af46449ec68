"""The hidden layer uses tanh in place of ReLU."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
    'h = keras.layers.Dense(hidden, activation="relu")(x)':
        'h = keras.layers.Dense(hidden, activation="tanh")(x)',
}
