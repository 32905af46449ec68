"""Keeps the kernels in one flat vector but starts kernel t at t rather than at t · features, so
that neighbouring tasks share numbers and most of the vector is never used. The statement gives
each task a linear output layer of its own."""

LOSES = {"shared_trunk-check": 3}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        self.features = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(self.tasks * self.features,), initializer="random_normal"
        )
        self.bias = self.add_weight(shape=(self.tasks,), initializer="zeros")

    def call(self, h, task):
        task = ops.cast(task, "int32")
        places = ops.expand_dims(task, -1) + ops.arange(self.features, dtype="int32")
        return ops.sum(h * ops.take(self.kernel, places), axis=-1) + ops.take(self.bias, task)


def shared_trunk(tasks, features, hidden):
    x = keras.Input((features,))
    task = keras.Input((), dtype="int32")
    h = keras.layers.Dense(hidden, activation="relu")(x)
    return keras.Model([x, task], TaskHeads(tasks)(h, task))
