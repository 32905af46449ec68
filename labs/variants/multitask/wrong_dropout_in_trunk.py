"""Adds dropout to the trunk, which changes the outputs with training=True. The docstring
describes one hidden layer with a bias and ReLU, and the statement computes ŷ from its features
h."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
    "    return keras.Model([x, task], TaskHeads(tasks)(h, task))": """\
    h = keras.layers.Dropout(0.5)(h)
    return keras.Model([x, task], TaskHeads(tasks)(h, task))""",
}
