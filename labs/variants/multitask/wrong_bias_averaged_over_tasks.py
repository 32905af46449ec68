"""Picks the bias with a one-hot vector, but takes the mean in place of the sum, which leaves b_t
divided by the number of tasks. The statement asks for h_i · k_t + b_t."""

LOSES = {"shared_trunk-check": 3}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"
        )
        self.bias = self.add_weight(shape=(self.tasks,), initializer="zeros")

    def call(self, h, task):
        chosen = ops.one_hot(task, self.tasks)
        kernel = ops.matmul(chosen, self.kernel)
        return ops.sum(h * kernel, axis=-1) + ops.mean(chosen * self.bias, axis=-1)


def shared_trunk(tasks, features, hidden):
    x = keras.Input((features,))
    task = keras.Input((), dtype="int32")
    h = keras.layers.Dense(hidden, activation="relu")(x)
    return keras.Model([x, task], TaskHeads(tasks)(h, task))
