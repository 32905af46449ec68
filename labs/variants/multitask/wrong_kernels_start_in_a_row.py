"""The kernels start as evenly spaced numbers, in every layer the same, and not at random."""

LOSES = {"shared_trunk-check": 3}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        shape = (self.tasks, input_shape[-1])
        row = np.linspace(-1, 1, shape[0] * shape[1]).reshape(shape)
        self.kernel = self.add_weight(shape=shape, initializer=keras.initializers.Constant(row))
        self.bias = self.add_weight(shape=(self.tasks,), initializer="zeros")

    def call(self, h, task):
        kernel = ops.take(self.kernel, task, axis=0)
        return ops.sum(h * kernel, axis=-1) + ops.take(self.bias, task)


def shared_trunk(tasks, features, hidden):
    x = keras.Input((features,))
    task = keras.Input((), dtype="int32")
    h = keras.layers.Dense(hidden, activation="relu")(x)
    return keras.Model([x, task], TaskHeads(tasks)(h, task))
