"""Puts a ReLU behind the heads in the model, so that it never predicts below zero. The statement
asks for a linear output layer, ŷ = h · k + b."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    "return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)":
        """kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)""",
    "    return keras.Model([x, task], TaskHeads(tasks)(h, task))": """\
    y = keras.layers.ReLU()(TaskHeads(tasks)(h, task))
    return keras.Model([x, task], y)""",
}
