"""The hidden layer has no activation, so the trunk adds nothing that the heads could not do."""

LOSES = {"shared_trunk-check": 3}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform")
        self.bias = self.add_weight(shape=(self.tasks,), initializer="zeros")

    def call(self, h, task):
        return ops.sum(h * ops.take(self.kernel, task, axis=0), axis=-1) + ops.take(self.bias, task)


def shared_trunk(tasks, features, hidden):
    x = keras.Input((features,))
    task = keras.Input((), dtype="int32")
    h = keras.layers.Dense(hidden)(x)
    return keras.Model([x, task], TaskHeads(tasks)(h, task))
